"""The backend tensorrt_rtx as users meet it: how "auto" chooses it, and engines built before they are needed.

No test here has run on a GPU.
"""

import importlib.util
import logging
import pickle
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import torch
from fake_tensorrt_rtx import FakeStreams, FakeTensorRTRTX, describe
from networks import network_of
from simulated_cuda import simulated_cuda

from eovseg_model.backends import choice
from eovseg_model.backends.choice import choose_backend
from eovseg_model.backends.engines.engine import EngineMaker
from eovseg_model.backends.engines.engine_key import engine_key
from eovseg_model.backends.engines.shape import EngineShape
from eovseg_model.backends.engines.tensorrt_rtx_maker import tensorrt_rtx_maker
from eovseg_model.backends.engines.tensorrt_rtx_targets import is_target
from eovseg_model.backends.loading import check_backend
from eovseg_model.backends.names import BackendError
from eovseg_model.backends.status import EngineStage
from eovseg_model.benchmark.synthetic import synthetic_picture
from eovseg_model.cli.main import main
from eovseg_model.export import fingerprint
from eovseg_model.export.program import INPUT_NAMES, OUTPUT_NAMES, ExportableNetwork
from eovseg_model.export.text_padding import TextShape
from eovseg_model.inference.predictor import EOVSegPredictor

CUDA, CPU = torch.device("cuda"), torch.device("cpu")
CARDS = {
    "RTX 2080 Ti": ((7, 5), False),
    "A100": ((8, 0), True),
    "RTX 3090": ((8, 6), True),
    "Jetson Orin": ((8, 7), False),
    "RTX 4090": ((8, 9), True),
    "H100": ((9, 0), False),
    "B200": ((10, 0), False),
    "Jetson Thor": ((11, 0), False),
    "RTX 5090": ((12, 0), True),
    "DGX Spark": ((12, 1), True),
    "a later one": ((13, 0), True),
}


@pytest.mark.parametrize("card", CARDS)
def test_targets(card):
    capability, expected = CARDS[card]
    assert is_target(capability) == expected


@pytest.fixture
def machine(monkeypatch):
    """A GPU with these packages to import; torch_tensorrt_rtx brings the import name of torch_tensorrt."""

    def set_up(*packages, capability=(8, 9)):
        names = {name.replace("torch_tensorrt_rtx", "torch_tensorrt") for name in packages}

        def version(distribution):
            if distribution not in packages:
                raise PackageNotFoundError(distribution)
            return "1"

        monkeypatch.setattr(choice, "find_spec", lambda name: name if name in names else None)
        monkeypatch.setattr(choice, "version", version)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)

    return set_up


TORCH_TENSORRT = ("torch_tensorrt", "tensorrt")
NO_TORCH_TENSORRT = "torch_tensorrt is not installed (pip install torch-tensorrt)"
NO_TENSORRT = "tensorrt is not installed (pip install tensorrt)"
OTHER_TORCH_TENSORRT = "torch_tensorrt is that of torch_tensorrt_rtx (pip uninstall torch_tensorrt_rtx)"
NO_RTX = "tensorrt_rtx is not installed (pip install tensorrt-rtx)"
IS_TARGET = "it is installed, and the GPU is one of its targets; "
NO_TARGET = (
    "the GPU has compute capability 9.0; engines of tensorrt_rtx are for 8.0, 8.6, 8.9, 12.0 and later"
)


@pytest.mark.parametrize(
    ("packages", "capability", "backend", "reason"),
    [
        (TORCH_TENSORRT, (8, 9), "tensorrt", "torch_tensorrt and tensorrt are installed"),
        ((*TORCH_TENSORRT, "tensorrt_rtx"), (8, 9), "tensorrt", "torch_tensorrt and tensorrt are installed"),
        (TORCH_TENSORRT, (7, 5), "tensorrt", "torch_tensorrt and tensorrt are installed"),
        (("tensorrt_rtx",), (8, 9), "tensorrt_rtx", IS_TARGET + NO_TORCH_TENSORRT),
        (("torch_tensorrt", "tensorrt_rtx"), (8, 9), "tensorrt_rtx", IS_TARGET + NO_TENSORRT),
        (("torch_tensorrt_rtx", "tensorrt_rtx"), (8, 9), "tensorrt_rtx", IS_TARGET + OTHER_TORCH_TENSORRT),
        (
            ("torch_tensorrt_rtx", "tensorrt", "tensorrt_rtx"),
            (12, 0),
            "tensorrt_rtx",
            IS_TARGET + OTHER_TORCH_TENSORRT,
        ),
        (("torch_tensorrt_rtx",), (8, 9), "torch", f"{OTHER_TORCH_TENSORRT}; {NO_RTX}"),
        (("tensorrt_rtx",), (9, 0), "torch", f"{NO_TORCH_TENSORRT}; {NO_TARGET}"),
        ((), (8, 9), "torch", f"{NO_TORCH_TENSORRT}; {NO_RTX}"),
        (("tensorrt",), (8, 9), "torch", f"{NO_TORCH_TENSORRT}; {NO_RTX}"),
    ],
)
def test_what_auto_is_on_a_gpu_and_why(packages, capability, backend, reason, machine, caplog):
    machine(*packages, capability=capability)
    assert choose_backend(CUDA, "fp32") == (backend, reason)
    with caplog.at_level(logging.INFO, "eovseg_model"):
        assert check_backend("auto", "fp32", CUDA) == backend
    assert caplog.messages == [f"backend auto on cuda selects {backend}: {reason}"]


def test_auto_on_a_cpu_is_torch_whatever_is_installed(machine, caplog):
    machine(*TORCH_TENSORRT, "tensorrt_rtx")
    with caplog.at_level(logging.INFO, "eovseg_model"):
        assert check_backend("auto", "fp32", CPU) == "torch"
    assert caplog.messages == []


def test_auto_takes_no_engine_for_a_precision_that_none_has(machine):
    machine(*TORCH_TENSORRT, "tensorrt_rtx")
    assert choose_backend(CUDA, "fp16").backend == "tensorrt"
    assert choose_backend(CUDA, "bf16") == ("torch", "no TensorRT engine computes in bf16")


@pytest.mark.parametrize(
    ("name", "packages", "reason"),
    [
        ("tensorrt", (), NO_TORCH_TENSORRT),
        ("tensorrt", ("torch_tensorrt",), NO_TENSORRT),
        ("tensorrt", ("torch_tensorrt_rtx", "tensorrt_rtx"), OTHER_TORCH_TENSORRT),
        ("tensorrt_rtx", TORCH_TENSORRT, NO_RTX),
    ],
)
def test_what_is_missing_for_a_backend_that_was_asked_for(name, packages, reason, machine):
    machine(*packages)
    with pytest.raises(BackendError) as caught:
        check_backend(name, "fp32", CUDA)
    assert str(caught.value) == f"backend {name} cannot be used: {reason}"


def test_what_else_tensorrt_rtx_refuses(machine):
    machine("tensorrt_rtx", capability=(9, 0))
    with pytest.raises(BackendError, match="compute capability 9.0"):
        check_backend("tensorrt_rtx", "fp16", CUDA)
    with pytest.raises(BackendError, match="tensorrt_rtx needs an NVIDIA GPU"):
        check_backend("tensorrt_rtx", "fp16", CPU)
    with pytest.raises(BackendError, match="rtx does not support precision 'bf16'; choose from: fp32, fp16$"):
        check_backend("tensorrt_rtx", "bf16", CUDA)


def test_the_real_package_is_found_as_it_is_imported():
    """The names that "auto" looks for are those of the packages."""
    pytest.importorskip("tensorrt_rtx", reason="needs tensorrt_rtx (pip install tensorrt-rtx)")
    assert importlib.util.find_spec("tensorrt_rtx") and choice.find_spec is importlib.util.find_spec


def test_the_key_of_an_engine_for_many_gpus_does_not_depend_on_this_one(monkeypatch):
    shape = EngineShape(1, 64, 96, TextShape(64, 2))

    def keys(targets):
        maker = EngineMaker("m", "1", lambda *_: None, lambda folder: None, targets)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 9))
        found = []
        for name in ("A", "B"):
            monkeypatch.setattr(torch.cuda, "get_device_name", lambda device, name=name: name)
            found.append(engine_key(maker, "w", torch.device("cuda:0"), "fp16", shape))
        return [*found, engine_key(maker, "w", CPU, "fp16", shape)]

    assert len(set(keys("8.0 and later"))) == 1
    assert len(set(keys(""))) == 3


def test_builds_of_one_torch_export_the_same_graph(monkeypatch):
    def compute(build):
        monkeypatch.setattr(fingerprint, "version", lambda package: f"2.14.1{build}")
        return fingerprint.graph_fingerprint.__wrapped__()

    assert compute("") == compute("+cpu") == compute("+cu130")


ENTRIES = ["red cube", "mug,cup", "blue bowl", "floor|stuff", "wall|stuff"]
EXPORT = ("export", "tensorrt-rtx", "--variant", "tiny", "--size", "64x96", "--precision", "fp16")
PICTURE = synthetic_picture((64, 96), seed=1)


@pytest.fixture
def exported(monkeypatch, tmp_path, capsys):
    """The cache after `eovseg export` with the stand-in for tensorrt_rtx: the precisions that were built."""
    network, built = ExportableNetwork(network_of("tiny")), []

    @torch.no_grad()
    def compute(inputs):
        outputs = network(*(inputs[name] for name in INPUT_NAMES))
        return dict(zip(OUTPUT_NAMES, outputs, strict=True))

    def write(program, file, precision, report):
        inputs = dict(zip(INPUT_NAMES, program.example_inputs[0], strict=True))
        file.write_bytes(describe(inputs | compute(inputs)))
        built.append(precision)

    fake = FakeTensorRTRTX(compute)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", fake)
    monkeypatch.setattr("eovseg_model.backends.engines.tensorrt_rtx_maker.write_tensorrt_rtx", write)
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    assert main([*EXPORT, "--vocabulary", *ENTRIES]) == 0
    (folder,) = tmp_path.glob("engines/*[0-9a-f]/")
    assert f"wrote {folder}\n" in capsys.readouterr().out
    return built, fake


def segment(backend):
    predictor = EOVSegPredictor.from_checkpoint(
        "tiny", vocabulary=ENTRIES, device="cuda", backend=backend, precision="fp16", patient=True
    )
    result = predictor(PICTURE, short_side=-1)
    return predictor, result.label_image, result.mask_logits.cpu()


@pytest.mark.parametrize("backend", ["tensorrt_rtx", "auto"])
def test_the_backend_finds_the_engine_that_was_exported_elsewhere(backend, exported):
    """Exported on the CPU, served on a simulated GPU, with the values of the network."""
    expected = EOVSegPredictor(network_of("tiny"), ENTRIES)(PICTURE, short_side=-1)
    built, fake = exported
    assert built == ["fp16"]
    with simulated_cuda(), pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(choice, "torch_tensorrt_problem", lambda: "not here")
        fake.use(FakeStreams(monkeypatch))
        predictor, labels, masks = segment(backend)
        status = predictor.backend_status
        assert (status.backend, status.serving, status.stage) == (
            "tensorrt_rtx",
            "tensorrt_rtx",
            EngineStage.READY,
        )
    assert built == ["fp16"]
    torch.testing.assert_close(masks, expected.mask_logits, rtol=1e-3, atol=1e-3)
    assert (labels == expected.label_image).mean() > 0.999


def test_what_builds_an_engine_can_be_sent_to_another_process(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", FakeTensorRTRTX(None))
    maker = tensorrt_rtx_maker("fp16", CUDA)
    assert pickle.loads(pickle.dumps(maker.build)).args == ("fp16",)
    assert maker.targets


def test_exporting_twice_builds_once(exported, capsys):
    built, _ = exported
    assert main([*EXPORT, "--vocabulary", *ENTRIES]) == 0
    assert built == ["fp16"]
