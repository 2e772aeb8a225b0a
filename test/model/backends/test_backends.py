"""Backends give what the plain network gives, padded text what the vocabulary alone gives."""

import copy

import pytest
import torch
import torch.nn.functional as F
from test_low_precision import skip_where_refused
from torch import nn

from eovseg_model.backends.cpu.convolution import PackedConv2d
from eovseg_model.backends.cpu.deformable_convolution import GatheredDeformConv2d
from eovseg_model.backends.cpu.quantized_linear import QuantizedLinear
from eovseg_model.backends.loading import load_backend
from eovseg_model.backends.names import BackendError
from eovseg_model.export.text_padding import TextShape, cut_output, pad_text
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.assembly.folding import fold_batch_norms
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.layers import ModulatedDeformConv2d
from eovseg_model.network.text.classification import TextEmbeddings


def random_model(variant: str):
    """Random weights, batch norms and offsets that are not the identity, in every place."""
    torch.manual_seed(0)
    model = build_model(CONFIGS[variant])
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.1)
            nn.init.normal_(module.bias, 0, 0.1)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    for layer in model.aggregator.top_down:
        nn.init.normal_(layer.dcn_offset.weight, 0, 0.05)
    return model


def inputs(variant: str, batch: int):
    torch.manual_seed(1)
    embeddings = F.normalize(torch.randn(6, CONFIGS[variant].text_dim), dim=-1)
    text = TextEmbeddings(embeddings, torch.tensor([[0, 0, 0], [1, 2, 3], [4, 5, 4]]))
    return torch.randn(batch, 3, 64, 96), text, torch.tensor([True, False, True])


def assert_close(found, expected, tolerance: float) -> None:
    for a, b in zip(found, expected, strict=True):
        assert float(torch.linalg.norm(a - b) / torch.linalg.norm(b)) < tolerance


@pytest.mark.parametrize(("variant", "batch"), [("tiny", 1), ("tiny", 2), ("s", 1)])
@torch.no_grad()
def test_torch_backend_equals_the_plain_network(variant, batch):
    model = random_model(variant)
    backend = load_backend("torch", copy.deepcopy(model))
    for _ in range(2):  # the first call lays the weights out
        assert_close(backend(*inputs(variant, batch)), model(*inputs(variant, batch)), 1e-5)


@torch.no_grad()
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_low_precision_is_near_the_plain_network(precision):
    skip_where_refused("torch", precision)
    model = random_model("s")
    backend = load_backend("torch", copy.deepcopy(model), precision)
    for _ in range(2):
        found = backend(*inputs("s", 1))
        assert all(part.dtype == torch.float32 for part in found)
        assert_close(found, model(*inputs("s", 1)), 0.05)
    kinds = {type(module) for module in backend._model.spatial_extractor.modules()}
    assert (QuantizedLinear in kinds) == (precision == "int8")


@pytest.mark.parametrize(
    ("inputs_", "expected"),
    [([0.0, 254.0, 1.0], [1.5, 126.5]), ([-127.0, 127.0, 2.0], [-16126.5, -127.5])],
)
def test_quantized_linear_is_exact_where_eight_bits_hold_everything(inputs_, expected):
    skip_where_refused("torch", "int8")
    weight = torch.tensor([[127.0, 0.0, 1.0], [0.0, 1.0, -127.0]])
    layer = QuantizedLinear(weight, torch.tensor([0.5, -0.5]))
    found = layer(torch.tensor([inputs_]))
    assert found.tolist() == torch.tensor([expected]).bfloat16().tolist()


@torch.no_grad()
def test_folded_network_equals_the_plain_one():
    model = random_model("tiny")
    folded = copy.deepcopy(model)
    fold_batch_norms(folded)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert_close(folded(*inputs("tiny", 1)), model(*inputs("tiny", 1)), 1e-5)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")
@torch.no_grad()
def test_a_single_pixel_is_convolved_and_added_in_any_layout():
    """As at the end of the CNN for a picture of 32 x 32; oneDNN refuses some strides that torch gives it."""
    convolution = nn.Conv2d(32, 64, 1)
    x, other = torch.randn(1, 32, 1, 1), torch.randn(1, 64, 1, 1)
    expected = (convolution(x) + other).relu()
    for strides in ((32, 1, 1, 1), (32, 1, 32, 32)):
        result = PackedConv2d(convolution).add_relu(x.as_strided(x.shape, strides), other)
        torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_gathered_deformable_convolution_equals_the_exportable_form():
    torch.manual_seed(0)
    conv = ModulatedDeformConv2d(in_channels=16, out_channels=7)
    conv.bias = nn.Parameter(torch.randn(7))
    for height, width in ((6, 9), (1, 4), (1, 1)):
        x = torch.randn(2, 16, height, width)
        offset = 4 * torch.randn(2, 18, height, width)  # far enough to leave the map
        mask = torch.rand(2, 9, height, width)
        found = GatheredDeformConv2d(conv)(x, offset, mask)
        torch.testing.assert_close(found, conv(x, offset, mask), rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_padded_text_changes_nothing():
    model = random_model("tiny")
    images, text, seen = inputs("tiny", 2)
    padded, padded_seen = pad_text(text, seen, TextShape(embeddings=16, synonyms=5))
    assert padded.embeddings.shape[0] == len(padded_seen) == 16 and padded.groups.shape == (16, 5)
    found = cut_output(model(images, padded, padded_seen), len(seen))
    assert_close(found, model(images, text, seen), 1e-6)


def test_a_vocabulary_that_does_not_fit_is_refused():
    _, text, seen = inputs("tiny", 1)
    for shape in (TextShape(6, 3), TextShape(16, 2)):
        with pytest.raises(ValueError, match="do not fit"):
            pad_text(text, seen, shape)


@pytest.mark.parametrize(
    ("missing", "precisions"),
    [
        ("eovseg_model.backends.loading.has_bfloat16", ["bf16", "int8"]),
        ("torch.cpu._is_vnni_supported", ["int8"]),
    ],
)
def test_a_precision_that_the_cpu_lacks_is_refused_at_once(monkeypatch, missing, precisions):
    monkeypatch.setattr(missing, lambda: False)
    for precision in precisions:
        with pytest.raises(BackendError, match=f"{precision} needs a CPU"):
            load_backend("torch", build_model(CONFIGS["tiny"]), precision)


def test_unknown_names_are_refused():
    model = build_model(CONFIGS["tiny"])
    with pytest.raises(ValueError, match="choose from: auto, torch"):
        load_backend("cuda", model)
    with pytest.raises(ValueError, match="fp16"):
        load_backend("torch", model, "fp16")
