"""TensorRT for RTX: real engines are built here, without a GPU; what runs them, runs against a stand-in.

No test here has run on a GPU.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from fake_tensorrt_rtx import VERSION, FakeStreams, FakeTensorRTRTX, describe
from networks import network_of
from torchvision.ops import deform_conv2d

from eovseg_model.backends.engines.engine_cache import EngineCache
from eovseg_model.backends.engines.shape import EngineShape
from eovseg_model.backends.engines.tensorrt_rtx_engine import TensorRTRTXEngine
from eovseg_model.backends.engines.tensorrt_rtx_kernels import KernelFile
from eovseg_model.backends.engines.tensorrt_rtx_maker import FILE, write_tensorrt_rtx_engine
from eovseg_model.backends.names import BackendError
from eovseg_model.checkpoint.checksums import sha256_of
from eovseg_model.export import EngineBuildError, tensorrt_rtx_log, write_tensorrt_rtx
from eovseg_model.export.program import INPUT_NAMES, OUTPUT_NAMES
from eovseg_model.export.text_padding import TextShape

DEVICE = torch.device("cpu")  # which the stand-ins take for a GPU
SKIP = "needs tensorrt_rtx (pip install tensorrt-rtx)"


@pytest.fixture(scope="session")
def trt():
    return pytest.importorskip("tensorrt_rtx", reason=SKIP)


class BuiltEngine(NamedTuple):
    file: Path
    steps: list[str]  # that were reported
    tensors: dict[str, tuple[tuple[int, ...], Any]]  # shape and type of inputs and outputs, as parsed


@pytest.fixture(scope="module")
def tiny_engine(trt, tmp_path_factory):
    """An engine of tiny for 96x128, 64 text embeddings and 2 synonyms, in float16."""
    built = BuiltEngine(tmp_path_factory.mktemp("engine") / "tiny.rtx", [], {})

    def build(builder, network, config):
        inputs = map(network.get_input, range(network.num_inputs))
        outputs = map(network.get_output, range(network.num_outputs))
        built.tensors.update({t.name: (tuple(t.shape), t.dtype) for t in (*inputs, *outputs)})
        return real_build(builder, network, config)

    real_build = trt.Builder.build_serialized_network
    shape = EngineShape(1, 96, 128, TextShape(64, 2))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(trt.Builder, "build_serialized_network", build)
        write_tensorrt_rtx_engine(network_of("tiny"), shape, built.file, "fp16", built.steps.append)
    return built


def test_an_engine_is_built_without_a_gpu(tiny_engine):
    file, steps, _ = tiny_engine
    assert steps == ["exporting the network", "writing ONNX", "parsing ONNX", "building the engine"]
    assert sorted(path.name for path in file.parent.iterdir()) == ["tiny.rtx", "tiny.rtx.json"]
    assert 1e6 < file.stat().st_size < 1e8


def test_the_manifest_says_what_the_engine_was_built_from(trt, tiny_engine):
    file = tiny_engine.file
    manifest = json.loads(file.with_name("tiny.rtx.json").read_text())
    sizes = [manifest[name] for name in ("batch", "height", "width", "text_embeddings", "synonyms")]
    assert sizes == [1, 96, 128, 64, 2]
    assert manifest["tensorrt_rtx"] == trt.__version__
    assert (manifest["variant"], manifest["precision"]) == ("tiny", "fp16")
    assert manifest["engine_sha256"] == sha256_of(file)
    assert manifest["engine_bytes"] == file.stat().st_size
    assert len(manifest["weights_sha256"]) == 64


def flags_of(trt, content):
    with tensorrt_rtx_log(trt).collecting():
        return trt.Runtime(tensorrt_rtx_log(trt)).get_engine_validity(content)[1]


def test_a_real_engine_is_told_from_garbage(trt, tiny_engine):
    content = tiny_engine.file.read_bytes()
    malformed = int(trt.EngineInvalidityDiagnostics.MALFORMED_ENGINE)
    assert not flags_of(trt, content) & malformed
    assert flags_of(trt, b"garbage" * 100) & malformed
    assert flags_of(trt, b"x" + content[1:]) & malformed


def test_without_a_gpu_a_real_engine_is_refused_for_good_and_garbage_for_a_new_build(
    trt, tiny_engine, streams, tmp_path
):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(BackendError, match="TensorRT for RTX refuses the engine: .*CUDA"):
        TensorRTRTXEngine(tiny_engine.file, DEVICE)
    garbage = tmp_path / "garbage.rtx"
    garbage.write_bytes(b"garbage" * 100)
    with pytest.raises(RuntimeError, match="MALFORMED_ENGINE"):
        TensorRTRTXEngine(garbage, DEVICE)


class Multiply(torch.nn.Module):
    """A matrix product, with the inputs and outputs of a network."""

    def forward(self, images, text_embeddings, groups, penalty, seen):
        product = images @ text_embeddings
        return product, product + penalty, torch.where(seen, product, groups.float())


class Deform(Multiply):
    def forward(self, images, text_embeddings, groups, penalty, seen):
        image, offset = images[None, None], torch.zeros(1, 18, 64, 64)
        found = deform_conv2d(image, offset, torch.ones(1, 1, 3, 3), padding=1)[0, 0]
        return super().forward(found, text_embeddings, groups, penalty, seen)


def small_program(module):
    square = torch.ones(64, 64)
    inputs = (square, square, torch.ones(64, dtype=torch.int64), torch.ones(64), torch.ones(64) > 0)
    return torch.export.export(module, inputs)


def test_a_node_that_is_refused_is_named(trt, tmp_path):
    """The deformable convolution as one operator, which OpenVINO is given."""
    with pytest.raises(EngineBuildError, match=r"node \w*deform_conv\w* of operator DeformConv: .*[Pp]lugin"):
        write_tensorrt_rtx(small_program(Deform()), tmp_path / "engine.rtx")
    assert list(tmp_path.iterdir()) == []


def test_inputs_and_outputs_are_those_of_the_documentation(trt, tiny_engine):
    """docs/export.md has the table; tiny has 20 queries."""
    kind = trt.DataType
    assert tiny_engine.tensors == {
        "images": ((1, 3, 96, 128), kind.FLOAT),
        "text_embeddings": ((64, 96), kind.FLOAT),
        "groups": ((64, 2), kind.INT64),
        "penalty": ((64,), kind.FLOAT),
        "seen": ((64,), kind.BOOL),
        "class_logits": ((1, 20, 65), kind.FLOAT),
        "mask_logits": ((1, 20, 24, 32), kind.FLOAT),
        "final_class_logits": ((1, 20, 65), kind.FLOAT),
        "object_kernels": ((1, 20, 96), kind.FLOAT),
        "class_embeddings": ((1, 20, 96), kind.FLOAT),
    }


@pytest.mark.parametrize(("precision", "tf32"), [("fp32", False), ("fp16", True)])
def test_float32_is_not_tf32(precision, tf32, trt, tmp_path, monkeypatch):
    asked = []

    def build(builder, network, config):
        asked.append((config.get_flag(trt.BuilderFlag.TF32), config.num_compute_capabilities))
        return b"engine"

    monkeypatch.setattr(trt.Builder, "build_serialized_network", build)
    write_tensorrt_rtx(small_program(Multiply()), tmp_path / "a.rtx", precision)
    assert asked == [(tf32, 0)]  # no target: all GPUs but Turing


def test_why_no_engine_was_built_is_the_last_error_of_the_log(trt, tmp_path, monkeypatch):
    """Turing lacks what the product needs: the builder's own error."""
    create = trt.Builder.create_builder_config

    def for_turing(builder):
        config = create(builder)
        config.num_compute_capabilities = 1
        config.set_compute_capability(trt.ComputeCapability.SM75, 0)
        return config

    monkeypatch.setattr(trt.Builder, "create_builder_config", for_turing)
    with pytest.raises(EngineBuildError, match="built no engine: .*Turing"):
        write_tensorrt_rtx(small_program(Multiply()), tmp_path / "a.rtx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("variant", ["s", "m", "l"])
def test_engines_of_the_large_variants_are_built(variant, precision, trt, tmp_path):
    shape = EngineShape(1, 640, 864, TextShape(256, 8))
    write_tensorrt_rtx_engine(network_of(variant), shape, tmp_path / FILE, precision, print)
    assert not flags_of(trt, (tmp_path / FILE).read_bytes())
    print((tmp_path / FILE).stat().st_size, "bytes")


def made_up_compute(inputs):
    """Different for every input that is not where it should be."""
    return {
        "class_logits": inputs["images"].mean() + inputs["text_embeddings"][:, :1].T.expand(2, 4)[None],
        "mask_logits": inputs["images"][:, :2] * inputs["penalty"].sum(),
        "final_class_logits": (inputs["groups"].sum() + inputs["seen"])[None, None].expand(1, 2, 4).float(),
        "object_kernels": inputs["images"][:, 0, :2, :3] - inputs["penalty"].sum(),
        "class_embeddings": inputs["text_embeddings"][None, :2] + inputs["images"].amax(),
    }


def made_up_inputs(seed):
    torch.manual_seed(seed)
    return (
        torch.randn(1, 3, 4, 6),
        torch.randn(4, 5),
        torch.randint(4, (4, 2)),
        torch.randn(4),
        torch.rand(4) > 0.5,
    )


def expected_of(inputs):
    outputs = made_up_compute(dict(zip(INPUT_NAMES, inputs, strict=True)))
    return [outputs[name] for name in OUTPUT_NAMES]


@pytest.fixture
def streams(monkeypatch):
    return FakeStreams(monkeypatch)


@pytest.fixture
def fake(monkeypatch, streams):
    fake = FakeTensorRTRTX(made_up_compute)
    fake.use(streams)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", fake)
    return fake


@pytest.fixture
def engine_file(tmp_path):
    inputs = made_up_inputs(0)
    tensors = dict(zip(INPUT_NAMES, inputs, strict=True)) | made_up_compute(
        dict(zip(INPUT_NAMES, inputs, strict=True))
    )
    file = tmp_path / FILE
    file.write_bytes(describe(tensors))
    return file


def test_every_call_reads_its_own_inputs_and_gives_outputs_that_stay(fake, engine_file):
    engine = TensorRTRTXEngine(engine_file, DEVICE)
    first, second = engine(*made_up_inputs(1)), engine(*made_up_inputs(2))
    for found, seed in ((first, 1), (second, 2)):
        for one, other in zip(found, expected_of(made_up_inputs(seed)), strict=True):
            assert torch.equal(one, other) and one.dtype == torch.float32


def test_the_engines_stream_runs_between_what_the_caller_does_before_and_after(fake, streams, engine_file):
    with streams:
        engine = TensorRTRTXEngine(engine_file, DEVICE)
        fake.calls.clear()
        engine(*made_up_inputs(1))
    assert fake.calls == [
        ("wait for event", "caller"),  # the buffers' last user has copied its outputs
        *[("copy_", "caller")] * 5,
        ("wait for caller", "engine"),
        ("execute", "engine"),
        ("wait for engine", "caller"),
        *[("clone", "caller")] * 5,
        ("record event", "caller"),
    ]


def test_threads_take_turns(fake, engine_file):
    """The stand-in refuses two users at a time."""
    engine = TensorRTRTXEngine(engine_file, DEVICE)
    compute = fake.compute

    def slow(inputs):
        threading.Event().wait(0.02)
        return compute(inputs)

    fake.compute = slow
    inputs = [made_up_inputs(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda given: engine(*given), inputs))
    for given, found in zip(inputs, results, strict=True):
        assert all(map(torch.equal, found, expected_of(given)))


def test_inputs_of_another_shape_are_refused_not_broadcast(fake, engine_file):
    engine = TensorRTRTXEngine(engine_file, DEVICE)
    images, *others = made_up_inputs(1)
    with pytest.raises(ValueError, match=r"takes images of shape \(1, 3, 4, 6\), not \(1, 3, 4, 1\)"):
        engine(images[..., :1], *others)


def test_an_engine_that_does_not_run_says_why_in_one_line_and_may_run_later(fake, engine_file):
    engine = TensorRTRTXEngine(engine_file, DEVICE)
    fake.runs = False
    with pytest.raises(RuntimeError, match="did not run: no memory on the device$"):
        engine(*made_up_inputs(1))
    fake.runs = True
    assert all(map(torch.equal, engine(*made_up_inputs(1)), expected_of(made_up_inputs(1))))


@pytest.mark.parametrize(
    ("validity", "flags", "error", "kind", "reason"),
    [
        (2, 1, "", RuntimeError, "VERSION_MISMATCH"),
        (2, 32, "", RuntimeError, "MALFORMED_ENGINE"),
        (2, 2, "", BackendError, "UNSUPPORTED_CC"),
        (2, 6, "", BackendError, "UNSUPPORTED_CC, OLD_CUDA_DRIVER"),
        (2, 0, "cudaError 35", BackendError, "cudaError 35"),
        (2, 0, "", BackendError, "its log has no error"),
    ],
)
def test_an_engine_is_checked_before_it_is_loaded(validity, flags, error, kind, reason, fake, engine_file):
    """A RuntimeError lets the cache build anew, a BackendError is final."""
    fake.validity = (validity, flags), error
    with pytest.raises(kind, match=f"refuses the engine: {reason}$") as caught:
        TensorRTRTXEngine(engine_file, DEVICE)
    assert isinstance(caught.value, BackendError) == (kind is BackendError)
    assert fake.kernels == []


def test_a_slower_engine_is_an_engine(fake, engine_file):
    fake.validity = (1, 0), ""
    TensorRTRTXEngine(engine_file, DEVICE)(*made_up_inputs(1))


def test_an_engine_of_other_inputs_is_built_anew(fake, tmp_path):
    file = tmp_path / FILE
    file.write_bytes(describe({"image": torch.zeros(1)}))
    with pytest.raises(RuntimeError, match="an engine of other inputs and outputs: image"):
        TensorRTRTXEngine(file, DEVICE)


def kernel_files(folder):
    return sorted(folder.glob("kernels_*.bin"))


def test_kernels_are_kept_after_the_first_run_and_given_to_the_next_engine(fake, engine_file):
    engine = TensorRTRTXEngine(engine_file, DEVICE)
    assert kernel_files(engine_file.parent) == []
    engine(*made_up_inputs(1))
    (kernels,) = kernel_files(engine_file.parent)
    assert kernels.read_bytes() == b"kernels"
    before = kernels.stat().st_mtime_ns
    engine(*made_up_inputs(1))
    TensorRTRTXEngine(engine_file, DEVICE)(*made_up_inputs(1))
    assert fake.kernels[-1].accepted
    assert kernels.stat().st_mtime_ns == before  # nothing new to write


def test_damaged_kernels_are_replaced(fake, engine_file):
    TensorRTRTXEngine(engine_file, DEVICE)(*made_up_inputs(1))
    (kernels,) = kernel_files(engine_file.parent)
    kernels.write_bytes(b"kern")
    TensorRTRTXEngine(engine_file, DEVICE)(*made_up_inputs(1))
    assert fake.kernels[-1].accepted is False and kernels.read_bytes() == b"kernels"


def test_kernels_belong_to_a_gpu_a_driver_and_a_version(fake, monkeypatch, tmp_path):
    driver = tmp_path / "version"
    monkeypatch.setattr("eovseg_model.backends.engines.tensorrt_rtx_kernels.DRIVER", driver)

    def path(version=VERSION):
        return KernelFile(tmp_path / FILE, DEVICE, version)._path

    paths = [path(), path("9.9.10")]
    for text in ("580.1", "580.2"):
        driver.write_text(text)
        paths.append(path())
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA GeForce RTX 5090")
    paths.append(path())
    assert len(set(paths)) == 5 and paths[-1] == path()


def test_kernels_that_cannot_be_kept_stop_nothing(fake, engine_file, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)
    TensorRTRTXEngine(engine_file, DEVICE)(*made_up_inputs(1))
    assert kernel_files(engine_file.parent) == []


def test_a_cached_engine_is_whole_with_its_kernels_beside_it(fake, tmp_path):
    """The cache's checksums cover what was built, not what a GPU adds later."""
    inputs = made_up_inputs(0)
    tensors = dict(zip(INPUT_NAMES, inputs, strict=True))
    content = describe(tensors | made_up_compute(tensors))
    cache = EngineCache(tmp_path)

    def load(folder):
        return TensorRTRTXEngine(folder / FILE, DEVICE)

    cache.build(("key",), lambda folder: (folder / FILE).write_bytes(content), load)(*inputs)
    assert len(list(tmp_path.glob("engines/*/kernels_*.bin"))) == 1
    assert cache.load(("key",), load) is not None and fake.kernels[-1].accepted
