"""Number formats on GPUs: layers in half precision, refusals, TF32. Nothing here has run on a GPU."""

import copy
import threading

import pytest
import torch
from simulated_cuda import simulated_cuda
from test_backends import assert_close, inputs, random_model
from torch import nn

from eovseg_model.backends import loading
from eovseg_model.backends.choice import Choice
from eovseg_model.backends.cuda.half_precision import use_half_precision
from eovseg_model.backends.cuda.tf32 import TF32_SWITCHES
from eovseg_model.backends.engines import compile_maker
from eovseg_model.backends.engines.shape import EngineShape
from eovseg_model.backends.loading import check_backend, load_backend
from eovseg_model.backends.names import BackendError
from eovseg_model.backends.torch_backend import TorchBackend
from eovseg_model.export.half_precision import set_precision
from eovseg_model.export.program import export_program
from eovseg_model.export.text_padding import TextShape
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.assembly.folding import fold_batch_norms
from eovseg_model.network.config import CONFIGS

HALF = {"fp16": torch.float16, "bf16": torch.bfloat16}
CUDA = torch.device("cuda")
AMPERE = (8, 6)


def on_device(arguments):
    images, text, seen = arguments
    moved = (None if part is None else part.to("cuda") for part in text)
    return images.to("cuda"), type(text)(*moved), seen.to("cuda")


@pytest.mark.parametrize(
    ("variant", "precision", "tolerance"),
    [("tiny", "fp16", 0.02), ("tiny", "bf16", 0.1), ("s", "fp16", 0.02)],
)
@torch.no_grad()
def test_half_precision_is_near_the_plain_network(variant, precision, tolerance, monkeypatch):
    model = random_model(variant)
    expected = model(*inputs(variant, 2))
    with simulated_cuda(), monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "get_device_capability", lambda device: AMPERE)
        backend = load_backend("torch", copy.deepcopy(model).to("cuda"), precision)
        found = [part.cpu() for part in backend(*on_device(inputs(variant, 2)))]
    assert all(part.dtype == torch.float32 for part in found)
    assert_close(found, expected, tolerance)
    assert any(not torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize(("variant", "precision"), [*((v, "fp16") for v in CONFIGS), ("tiny", "bf16")])
def test_torch_has_the_layers_in_half_precision_that_the_export_has(variant, precision):
    with torch.device("meta"):
        model = build_model(CONFIGS[variant]).requires_grad_(False)
        program = export_program(model, (64, 96), TextShape(4, 1))
    set_precision(program, precision)
    exported = set()
    for node in program.graph.nodes:
        if node.op == "call_function" and "_to_copy" not in str(node.target):
            value = node.meta.get("val")
            if isinstance(value, torch.Tensor) and value.dtype == HALF[precision]:
                *_, (path, _) = node.meta["nn_module_stack"].values()
                exported.add(path.removeprefix("model."))
    fold_batch_norms(model)
    use_half_precision(model, HALF[precision])
    in_torch = {
        name
        for name, layer in model.named_modules()
        if any(p.dtype == HALF[precision] for p in layer.parameters(recurse=False))
    }
    assert in_torch | {"vas"} == exported  # whose product with the text has no weights of its own
    assert len(exported) > 50 and not any(name.startswith(("decoder", "text_encoder")) for name in exported)


@torch.no_grad()
def test_norms_positions_embeddings_and_the_decoder_compute_in_float32():
    model = random_model("tiny")
    fold_batch_norms(model)
    use_half_precision(model, torch.float16)
    seen = {}
    for name, layer in model.named_modules():
        layer.register_forward_hook(
            lambda layer, given, output, name=name: seen.update({name: (given[0], output)})
        )
    model(*inputs("tiny", 1))
    kinds = {name: type(layer) for name, layer in model.named_modules()}
    for name, (given, output) in seen.items():
        if isinstance(given, torch.Tensor) and isinstance(output, torch.Tensor) and given.is_floating_point():
            exact = issubclass(kinds[name], nn.LayerNorm) or name.startswith("decoder")
            if exact or name.endswith("dcn_offset") or "attnpool" in name:
                assert (given.dtype, output.dtype) == (torch.float32,) * 2, name
    assert seen["backbone.tower.layer4"][1].dtype == seen["aggregator"][1].dtype == torch.float16
    assert seen["vas"][1].dtype == torch.float32  # what the decoder sums over masks


REFUSED = [  # backend, precision, device, message
    ("torch", "fp16", "cpu", "torch does not support precision 'fp16'; choose from: fp32, bf16, int8 "),
    ("torch", "fp16", "cpu", r"\(fp16 needs an NVIDIA GPU; the device is cpu\)"),
    ("torch", "tf32", "cpu", r"\(tf32 needs an NVIDIA GPU; the device is cpu\)"),
    ("compile", "bf16", "cpu", r"choose from: fp32 \(bf16 needs an NVIDIA GPU; the device is cpu\)"),
    ("torch", "int8", "cuda", r"tf32, fp16, bf16 \(int8 needs a CPU; the device is cuda\)"),
    ("reference", "fp16", "cuda", "reference does not support precision 'fp16'; choose from: fp32$"),
    ("torch", "bf16", "cuda", "bf16 needs a GPU of compute capability 8.0 or later; use fp16 on cuda"),
]


@pytest.mark.parametrize(("backend", "precision", "device", "message"), REFUSED)
def test_a_precision_that_a_device_lacks_is_refused(backend, precision, device, message):
    with simulated_cuda(), pytest.raises(BackendError, match=message):  # of compute capability 7.5
        check_backend(backend, precision, device)


@pytest.mark.parametrize("precision", ["fp32", "tf32", "fp16", "bf16"])
@pytest.mark.parametrize("backend", ["torch", "compile", "auto"])
def test_gpus_have_these_precisions(backend, precision, monkeypatch):
    chosen = Choice("torch", "no TensorRT is installed")
    monkeypatch.setattr(loading, "choose_backend", lambda device, precision: chosen)
    with simulated_cuda(), monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "get_device_capability", lambda device: AMPERE)
        assert check_backend(backend, precision, "cuda") == backend.replace("auto", "torch")


@pytest.fixture
def switches():
    """PyTorch's two switches of TF32, as a program finds them at first."""
    assert (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()) == (True, "highest")
    yield lambda: (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision())
    torch.backends.cudnn.allow_tf32 = True
    torch.set_float32_matmul_precision("highest")


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("fp32", (False, "highest")), ("tf32", (True, "high")), ("fp16", (False, "highest"))],
)
@torch.no_grad()
def test_fp32_is_no_tf32_and_the_switches_are_restored(precision, expected, switches):
    model, found = random_model("tiny"), []
    model.backbone.register_forward_hook(lambda *_: found.append(switches()))
    with simulated_cuda():
        backend = TorchBackend(model.to("cuda"), precision)
        backend(*on_device(inputs("tiny", 1)))
    assert found == [expected]
    assert switches() == (True, "highest")


def test_no_network_in_fp32_runs_with_tf32_because_of_another(switches):
    torch.set_float32_matmul_precision("high")  # of the program itself
    with TF32_SWITCHES.set(True):
        assert switches() == (True, "high")
        with TF32_SWITCHES.set(False):
            assert switches() == (False, "highest")
        assert switches() == (True, "high")
    with TF32_SWITCHES.set(False):
        assert switches() == (False, "highest")
        with pytest.raises(ValueError), TF32_SWITCHES.set(True):
            assert switches() == (False, "highest")
            raise ValueError
    assert switches() == (True, "high")


def test_a_network_that_ends_later_keeps_its_switches(switches):
    entered, leave = threading.Event(), threading.Event()

    def run():
        with TF32_SWITCHES.set(False):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=run)
    with TF32_SWITCHES.set(False):
        thread.start()
        assert entered.wait(10)
    assert switches() == (False, "highest")
    leave.set()
    thread.join()
    assert switches() == (True, "highest")


@pytest.mark.parametrize(
    ("precision", "half", "tf32"),
    [
        ("fp32", None, False),
        ("tf32", None, True),
        ("fp16", torch.float16, False),
        ("bf16", torch.bfloat16, False),
    ],
)
def test_what_inductor_is_asked_to_compile(precision, half, tf32, monkeypatch, tmp_path, switches):
    compiled = []

    def compile_(program, package_path):
        types = {v.dtype for n in program.graph.nodes if isinstance(v := n.meta.get("val"), torch.Tensor)}
        compiled.append((types & set(HALF.values()), switches()[0], package_path))

    monkeypatch.setattr(torch._inductor, "aoti_compile_and_package", compile_)
    with torch.device("meta"):
        model = build_model(CONFIGS["tiny"])
    maker = compile_maker.compile_maker(precision, CUDA)
    maker.build(model, EngineShape(1, 64, 64, TextShape(4, 1)), tmp_path)
    assert compiled == [({half} - {None}, tf32, str(tmp_path / compile_maker.FILE))]


def test_a_compiled_engine_on_a_gpu_runs_with_the_switches_of_its_precision(monkeypatch, tmp_path, switches):
    loaded = []

    def load(file, device_index):
        loaded.append((file, device_index))
        return lambda *given: (switches(), given)

    monkeypatch.setattr(torch._inductor, "aoti_load_package", load)
    for precision, expected in (("fp32", (False, "highest")), ("tf32", (True, "high"))):
        engine = compile_maker.compile_maker(precision, torch.device("cuda:1")).load(tmp_path)
        assert engine(1, 2, 3, 4, 5) == (expected, (1, 2, 3, 4, 5))
    assert loaded == [(str(tmp_path / compile_maker.FILE), 1)] * 2
