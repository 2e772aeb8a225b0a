"""The exported graph gives what the plain network gives, whatever the vocabulary in its padded text."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import deform_conv2d

from eovseg_model.backends.text_padding import TextShape, cut_output, pad_text
from eovseg_model.benchmark.synthetic import synthetic_model, synthetic_picture
from eovseg_model.classification import TextRows
from eovseg_model.eovseg import EOVSegOutput
from eovseg_model.export.deformable import OneOperatorDeformConv2d
from eovseg_model.export.program import export_program
from eovseg_model.layers import ModulatedDeformConv2d
from eovseg_model.preprocess import to_input

SIZE = (96, 128)
SHAPE = TextShape(rows=16, synonyms=3)


def vocabulary(num_rows: int, groups: list[list[int]], dim: int) -> tuple[TextRows, torch.Tensor]:
    rows = F.normalize(torch.randn(num_rows, dim, generator=torch.Generator().manual_seed(num_rows)), dim=-1)
    return TextRows(rows, torch.tensor(groups)), torch.arange(len(groups)) % 2 == 0


def assert_graph_equals_network(model, program, batch: int) -> None:
    """For a vocabulary with synonyms and for one without."""
    dim = model.config.text_dim
    pictures = [to_input(synthetic_picture(SIZE, seed), torch.device("cpu")) for seed in range(batch)]
    images, network = torch.cat(pictures), program.module()
    for text, seen in (
        vocabulary(6, [[0, 0, 0], [1, 2, 3], [4, 5, 4]], dim),
        vocabulary(15, [[i] for i in range(15)], dim),
    ):
        padded, padded_seen = pad_text(text, seen, SHAPE)
        found = cut_output(EOVSegOutput(*network(images, *padded, padded_seen)), len(seen))
        for a, b in zip(found, model(images, text, seen), strict=True):
            assert a.shape == b.shape
            assert float((a - b).norm() / b.norm()) < 1e-4


@pytest.mark.parametrize(
    ("variant", "batch", "one_operator"), [("tiny", 1, False), ("tiny", 2, True), ("s", 1, False)]
)
@torch.no_grad()
def test_exported_graph_equals_the_plain_network(variant, batch, one_operator):
    model = synthetic_model(variant)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    program = export_program(model, SIZE, SHAPE, batch, one_operator_deform=one_operator)
    operators = {str(node.target) for node in program.graph.nodes}
    assert ("torchvision.deform_conv2d.default" in operators) == one_operator
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert_graph_equals_network(model, program, batch)


@torch.no_grad()
def test_both_forms_of_the_deformable_convolution_equal_torchvision():
    torch.manual_seed(0)
    plain = ModulatedDeformConv2d(in_channels=16, out_channels=7)
    plain.bias = nn.Parameter(torch.randn(7))
    for height, width in ((6, 9), (7, 5), (1, 4), (1, 1)):
        x = torch.randn(2, 16, height, width)
        offset = 4 * torch.randn(2, 18, height, width)  # far enough to leave the map
        offset[:, :, 0] = offset[:, :, 0].round()  # and some that end on its pixels and border
        mask = torch.rand(2, 9, height, width)
        expected = deform_conv2d(x, offset, plain.weight, plain.bias, padding=1, mask=mask)
        for form in (plain, OneOperatorDeformConv2d(plain)):
            torch.testing.assert_close(form(x, offset, mask), expected, rtol=1e-5, atol=1e-5)


def test_sides_have_to_be_multiples_of_32():
    with pytest.raises(ValueError, match="multiples of 32"):
        export_program(synthetic_model("tiny"), (96, 100), SHAPE)
