"""On a GPU the network stays there, and a frame waits once. Nothing here has run on a GPU.

With fake tensors in full size for every variant, and with values on the simulated device.
"""

from collections import Counter

import pytest
import torch
from fake_device import HostCopyError, fake_cuda
from networks import network_of
from simulated_cuda import simulated_cuda
from test_engines import SameProcess, write_word
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
)

from eovseg_model.backends.engine_backend import EngineBackend
from eovseg_model.backends.engines.captured_engine import CapturedEngine
from eovseg_model.backends.engines.engine import EngineMaker
from eovseg_model.backends.engines.engine_cache import EngineCache
from eovseg_model.backends.torch_backend import TorchBackend
from eovseg_model.benchmark.synthetic import synthetic_picture
from eovseg_model.export.program import ExportableNetwork
from eovseg_model.export.text_padding import TextShape, cut_output, pad_text
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.eovseg import EOVSegOutput
from eovseg_model.network.text.classification import TextEmbeddings

ENTRIES = ["red cube", "mug,cup", "blue bowl", "floor|stuff", "wall|stuff"]
CLASSES, NAMES, SYNONYMS = 140, 150, 3
PRECISIONS = ("fp32", "tf32", "fp16", "bf16")


def inputs(model, size=(640, 864)):
    embeddings = torch.empty(NAMES, model.config.text_dim, device="cuda")
    groups = torch.zeros(CLASSES, SYNONYMS, dtype=torch.int64, device="cuda")
    seen = torch.zeros(CLASSES, dtype=torch.bool, device="cuda")
    return torch.empty(1, 3, *size, device="cuda"), TextEmbeddings(embeddings, groups), seen


def engine(model):
    """The engine backends' way, with the network itself in place of an engine."""

    def backend(images, text, seen):
        padded, padded_seen = pad_text(text, seen, TextShape(256, 4))
        found = CapturedEngine(ExportableNetwork(model))(images.contiguous(), *padded, padded_seen)
        return cut_output(EOVSegOutput(*found), len(seen))

    return backend


BACKENDS = {
    "reference": lambda model: model,
    "engine": engine,
    **{f"torch {p}": lambda model, p=p: TorchBackend(model, p) for p in PRECISIONS},
}


def check_outputs(output, model):
    N, C = model.config.num_kernels, CLASSES + 1
    shapes = [tuple(part.shape) for part in output[:3]]
    assert shapes == [(1, N, C), (1, N, 160, 216), (1, N, C)]
    assert all(part.shape[:2] == (1, N) for part in output)
    assert {(part.device.type, part.dtype) for part in output} == {("cuda", torch.float32)}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "variant", ["tiny", "l", *(pytest.param(v, marks=pytest.mark.slow) for v in ("s", "m"))]
)
def test_the_network_stays_on_the_device(variant, backend):
    with fake_cuda(variant) as model:
        run = BACKENDS[backend](model)
        for _ in range(3):  # as it is, recorded and replayed where there are graphs
            check_outputs(run(*inputs(model)), model)


HOST_WORK = {  # what a layer must not do with its output, and what it raises
    "item": (lambda x: x.sum().item(), DataDependentOutputException),
    "condition": (lambda x: bool((x > 0).any()), DataDependentOutputException),
    "list": (lambda x: x.flatten()[:2].tolist(), DataDependentOutputException),
    "selection": (lambda x: x[x > 0], DynamicOutputShapeException),
    "constant of the host": (lambda x: x * torch.tensor([2.0], device="cuda"), HostCopyError),
    "array of the host": (lambda x: x * torch.ones(1).to(x.device), HostCopyError),
    "copy to the host": (lambda x: x.cpu(), HostCopyError),
    "tensor of the host": (lambda x: x * torch.arange(x.shape[-1]), RuntimeError),
}


@pytest.mark.parametrize("work", HOST_WORK)
@pytest.mark.parametrize("part", ["backbone", "aggregator", "vas", "decoder"])
def test_host_work_in_the_network_is_found(work, part):
    """In every place of the network; without it the test above passes."""
    do, error = HOST_WORK[work]

    def hook(module, given, output):
        while not isinstance(output, torch.Tensor):
            output = output[0]
        do(output)

    with fake_cuda("tiny") as model:
        getattr(model, part).register_forward_hook(hook)
        with pytest.raises(error):
            model(*inputs(model, (64, 96)))


def engine_backend(model, folder):
    """With the network itself in place of what a maker loads."""

    def load(folder):
        return CapturedEngine(ExportableNetwork(model))

    maker = EngineMaker("fake", "1", lambda model, shape, folder: write_word(folder), load)
    return EngineBackend(
        model=model,
        maker=maker,
        weights="w",
        precision="fp32",
        cache=EngineCache(folder),
        runner=SameProcess(),
        torch_backend=model,
        patient=True,
    )


ONE_FRAME = {
    ("copy to device", "inference.host_copies.to_device", False): 1,  # the picture
    ("copy to host", "inference.host_copies.to_host", False): 3,  # map, segments and their features
    ("wait", "inference.host_copies.to_host", True): 1,
}


def third_frame(cuda, model, backend, folder, batch=1):
    """What crosses, once everything is warm, and the result of the last picture."""
    runner = engine_backend(model, folder) if backend == "engine" else BACKENDS[backend](model)
    predictor = EOVSegPredictor(model, ENTRIES, backend=runner)
    for seed in range(4):
        cuda.forget()
        pictures = [synthetic_picture((64, 96), seed + number) for number in range(batch)]
        if batch == 1:
            result = predictor(pictures[0], short_side=-1)
        else:
            result = predictor.segment_batch(pictures, short_side=-1)[-1]
    found = Counter()
    for crossing, number in cuda.crossings.items():
        found[crossing.kind, crossing.function, crossing.waits] += number
    return found, result


SLOW = [pytest.param(v, marks=pytest.mark.slow) for v in ("s", "m", "l")]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("variant", ["tiny", *SLOW])
def test_a_frame_crosses_four_times_and_waits_once(variant, backend, tmp_path, caplog):
    model = network_of(variant)
    with simulated_cuda() as cuda:
        found, result = third_frame(cuda, model.to("cuda"), backend, tmp_path)
        assert result.map.is_cuda
    assert found == ONE_FRAME
    assert not caplog.records  # a graph that cannot be recorded would be a warning


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_crosses_as_often_as_a_frame(backend, tmp_path, caplog):
    model = network_of("tiny")
    with simulated_cuda() as cuda:
        found, result = third_frame(cuda, model.to("cuda"), backend, tmp_path, batch=3)
        assert result.map.is_cuda
    assert found == ONE_FRAME
    assert not caplog.records


@pytest.mark.parametrize("work", ["item", "selection", "constant of the host", "copy to the host"])
@pytest.mark.parametrize("backend", ["reference", "torch fp32"])
def test_host_work_in_a_frame_is_found(work, backend, tmp_path, caplog):
    do, _ = HOST_WORK[work]
    model = network_of("tiny")
    with simulated_cuda() as cuda:
        model.to("cuda").vas.register_forward_hook(lambda module, given, output: (do(output), None)[1])
        found, _ = third_frame(cuda, model, backend, tmp_path)
    assert found - Counter(ONE_FRAME)
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == (backend != "reference")  # said once, not with every frame
    assert all("cannot use a CUDA graph" in text for text in texts)
