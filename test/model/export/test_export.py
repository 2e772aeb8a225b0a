"""The exported graph gives what the plain network gives, whatever the vocabulary in its padded text."""

import pytest
import torch
import torch.nn.functional as F
from networks import network_of
from torch import nn
from torchvision.ops import deform_conv2d

from eovseg_model.benchmark.synthetic import synthetic_model, synthetic_picture
from eovseg_model.export.deformable import OneOperatorDeformConv2d
from eovseg_model.export.half_precision import set_precision
from eovseg_model.export.onnx import write_onnx
from eovseg_model.export.openvino import write_openvino
from eovseg_model.export.program import INPUT_NAMES, OUTPUT_NAMES, export_program
from eovseg_model.export.text_padding import TextShape, cut_output, pad_text
from eovseg_model.inference.preprocess import to_input
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.eovseg import EOVSegOutput
from eovseg_model.network.layers import ModulatedDeformConv2d
from eovseg_model.network.text.classification import TextEmbeddings

SIZE = (96, 128)
SHAPE = TextShape(embeddings=16, synonyms=3)


def vocabulary(num_names: int, groups: list[list[int]], dim: int) -> tuple[TextEmbeddings, torch.Tensor]:
    embeddings = F.normalize(
        torch.randn(num_names, dim, generator=torch.Generator().manual_seed(num_names)), dim=-1
    )
    return TextEmbeddings(embeddings, torch.tensor(groups)), torch.arange(len(groups)) % 2 == 0


def assert_equals_plain(model, network, batch: int = 1, tolerance: float = 1e-4) -> None:
    """For a vocabulary with synonyms and for one without."""
    dim = model.config.text_dim
    pictures = [to_input(synthetic_picture(SIZE, seed), torch.device("cpu")) for seed in range(batch)]
    images = torch.cat(pictures)
    for text, seen in (
        vocabulary(6, [[0, 0, 0], [1, 2, 3], [4, 5, 4]], dim),
        vocabulary(15, [[i] for i in range(15)], dim),
    ):
        padded, padded_seen = pad_text(text, seen, SHAPE)
        found = cut_output(EOVSegOutput(*network(images, *padded, padded_seen)), len(seen))
        for a, b in zip(found, model(images, text, seen), strict=True):
            assert a.shape == b.shape
            assert float((a - b).norm() / b.norm()) < tolerance


@pytest.mark.parametrize(
    ("variant", "batch", "one_operator"), [("tiny", 1, False), ("tiny", 2, True), ("s", 1, False)]
)
@torch.no_grad()
def test_exported_graph_equals_the_plain_network(variant, batch, one_operator):
    model = network_of(variant)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    program = export_program(model, SIZE, SHAPE, batch, one_operator_deform=one_operator)
    operators = {str(node.target) for node in program.graph.nodes}
    assert ("torchvision.deform_conv2d.default" in operators) == one_operator
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert_equals_plain(model, program.module(), batch)


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


@pytest.mark.parametrize(
    "variant", ["tiny", *(pytest.param(v, marks=pytest.mark.slow) for v in ("s", "m", "l"))]
)
@torch.no_grad()
def test_half_precision_stays_near_the_plain_network(variant):
    model = synthetic_model(variant)
    program = export_program(model, SIZE, SHAPE)
    set_precision(program, "fp16")
    values = [node.meta.get("val") for node in program.graph.nodes]
    assert sum(isinstance(v, torch.Tensor) and v.dtype == torch.float16 for v in values) > 100
    # The median query is off by 0.014 at most. In a picture with a mask logit next to 0, its query moves.
    assert_equals_plain(model, program.module(), tolerance=0.02 if variant == "tiny" else 0.1)
    program.run_decompositions()  # the types fit
    with pytest.raises(ValueError, match="fp16"):
        set_precision(program, "int8")


@torch.no_grad()
def test_onnx_gives_the_plain_outputs(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = network_of("tiny")
    write_onnx(export_program(model, SIZE, SHAPE), tmp_path / "tiny.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        tmp_path / "tiny.onnx", options, providers=["CPUExecutionProvider"]
    )
    assert [i.name for i in session.get_inputs()] == list(INPUT_NAMES)

    def network(*inputs):
        given = {name: value.numpy() for name, value in zip(INPUT_NAMES, inputs, strict=True)}
        return map(torch.from_numpy, session.run(list(OUTPUT_NAMES), given))

    assert_equals_plain(model, network)


@pytest.mark.parametrize("one_operator", [True, pytest.param(False, marks=pytest.mark.slow)])
@torch.no_grad()
def test_openvino_gives_the_plain_outputs(one_operator, tmp_path):
    openvino = pytest.importorskip("openvino")
    model = network_of("tiny")
    write_openvino(
        export_program(model, SIZE, SHAPE, one_operator_deform=one_operator), tmp_path / "tiny.xml"
    )
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = openvino.Core().compile_model(tmp_path / "tiny.xml", "CPU", options)

    def network(*inputs):
        found = compiled({name: value.numpy() for name, value in zip(INPUT_NAMES, inputs, strict=True)})
        return (torch.from_numpy(found[name]) for name in OUTPUT_NAMES)

    assert_equals_plain(model, network)


def test_sides_have_to_be_multiples_of_32():
    with pytest.raises(ValueError, match="multiples of 32"):
        export_program(synthetic_model("tiny"), (96, 100), SHAPE)


def parts_of(program, module: str, operator: str) -> int:
    """How often a module of the network uses an operator."""
    stacks = [
        list((node.meta.get("nn_module_stack") or {"": ("", None)}).values())
        for node in program.graph.nodes
        if str(node.target) == operator
    ]
    return sum(stack[-1][0] == f"model.{module}" for stack in stacks)


@pytest.mark.parametrize(
    ("variant", "embeddings", "on_cpu", "on_gpu"),
    [("tiny", 2048, [80, 1], [2, 1]), ("s", 256, [54, 7], [1, 1])],
)
def test_a_graph_is_cut_into_parts_for_the_cache_of_a_cpu_only(variant, embeddings, on_cpu, on_gpu):
    """VAS has 160 rows of 216 (embedding and similarities), F_s 80 of 108 (four pixels of each).

    Tiny: 2 or 144 rows of 216 * (96 + 2049) numbers in VAS, all 80 of 4 * 48 * 108 in F_s. S: 3 rows of
    216 * (1024 + 257) on a CPU, all on a GPU; in F_s 12 of 4 * 768 * 108, or all.
    """
    with torch.device("meta"):
        model = build_model(CONFIGS[variant])
    for device, expected in (("cpu", on_cpu), ("cuda", on_gpu)):
        program = export_program(model, (640, 864), TextShape(embeddings, 8), runs_on=device)
        assert [
            parts_of(program, "vas", "aten.softmax.int"),
            parts_of(program, "spatial_extractor.upsampling.3", "aten.conv_transpose2d.input"),
        ] == expected
