"""A picture's way through the model on a GPU, as far as a simulated one shows it: devices, values, waits."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
from simulated_cuda import simulated_cuda

from eovseg_model.backends.loading import load_backend
from eovseg_model.benchmark.synthetic import synthetic_model, synthetic_picture
from eovseg_model.inference.panoptic import fuse_panoptic
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.inference.results import PanopticResult

ENTRIES = ["red cube", "mug,cup", "blue bowl", "green ball", "floor|stuff", "wall|stuff", "table|stuff"]
PICTURE = synthetic_picture((240, 320), seed=1)


def on_host(result: PanopticResult) -> dict[str, torch.Tensor]:
    """All tensors of a result on the CPU."""
    tensors = {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}
    tensors |= {"semantic": result.semantic, **result.instances._asdict()}
    return {name: value.cpu() for name, value in tensors.items() if isinstance(value, torch.Tensor)}


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """Numbers to rounding; a pixel in a thousand may have fallen to another segment."""
    for name, value in expected.items():
        if value.is_floating_point():
            torch.testing.assert_close(found[name], value, atol=2e-3, rtol=2e-3)
        else:
            assert (found[name] != value).double().mean() < 1e-3, name


@pytest.fixture(scope="module", params=["reference", "torch"])
def tiny(request) -> tuple[str, PanopticResult]:
    """A backend and what it gives on the CPU."""
    predictor = EOVSegPredictor.from_checkpoint(
        "tiny", vocabulary=ENTRIES, device="cpu", backend=request.param
    )
    result = predictor(PICTURE)
    assert len(result.segments) >= 3 and len(result.instances.scores) > 10
    return request.param, result


def load_tiny(backend: str) -> EOVSegPredictor:
    return EOVSegPredictor.from_checkpoint("tiny", vocabulary=ENTRIES, device="cuda", backend=backend)


def test_tiny_gives_the_values_of_the_cpu(tiny):
    backend, expected = tiny
    with simulated_cuda():
        result = load_tiny(backend)(PICTURE)
        assert all(tensor.is_cuda for tensor in (result.map, result.semantic, *result.instances))
        found = on_host(result)
    assert_same(found, on_host(expected))
    assert [(s.label, s.is_thing) for s in result.segments] == [
        (s.label, s.is_thing) for s in expected.segments
    ]


def test_the_label_image_is_on_the_host(tiny):
    """It is the map; numpy would refuse the map itself."""
    backend, expected = tiny
    with simulated_cuda() as cuda:
        result = load_tiny(backend)(PICTURE)
        with pytest.raises(TypeError, match="Use Tensor.cpu"):
            np.asarray(result.map)
        cuda.forget()
        image = result.label_image
        assert not cuda.crossings
        assert np.array_equal(image, result.map.cpu().numpy())
    assert type(image) is np.ndarray and image.dtype == expected.label_image.dtype == np.uint16
    assert np.count_nonzero(image != expected.label_image) < 1e-3 * image.size


def test_names_are_encoded_on_the_device(tmp_path, monkeypatch):
    """By the text tower, which other tests spare with a cache."""
    names = ["traffic cone", "wall|stuff"]
    expected = EOVSegPredictor.from_checkpoint("tiny", vocabulary=names, device="cpu").vocabulary
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    with simulated_cuda():
        predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["wall|stuff"], device="cuda")
        found = predictor.encode(names)
        assert found.text.embeddings.is_cuda and found.text.groups.is_cuda and found.seen.is_cuda
        embeddings = found.text.embeddings.cpu()
    torch.testing.assert_close(embeddings, expected.text.embeddings)


def test_s_gives_the_values_of_the_cpu():
    """With made-up weights, at a small size; then again with the layers of the backend "torch"."""
    picture = synthetic_picture((64, 96), seed=1)
    predictor = EOVSegPredictor(synthetic_model("s"), ENTRIES)
    expected = on_host(predictor(picture, short_side=-1, overlap_threshold=0.0))
    assert len(expected["map"].unique()) > 3
    with simulated_cuda():
        predictor.model.to("cuda")
        for backend in ("reference", "torch"):
            runner = load_backend(backend, predictor.model)
            on_cuda = EOVSegPredictor(predictor.model, ENTRIES, backend=runner)
            result = on_cuda(picture, short_side=-1, overlap_threshold=0.0)
            assert result.map.is_cuda
            assert_same(on_host(result), expected)


@pytest.mark.parametrize("backend", ["reference", "torch"])
def test_what_crosses_in_a_frame(backend):
    """A new crossing costs every frame of a GPU: change this list on purpose, and downwards.

    Every copy without `non_blocking` is a wait, too. What only depends on sizes is copied in the first frame.
    """
    with simulated_cuda() as cuda:
        predictor = load_tiny(backend)
        for _ in range(3):  # of the backend torch, the second one records a graph, the third one replays it
            result = predictor(PICTURE)
            found = Counter()
            for crossing, number in cuda.crossings.items():
                found[crossing.kind, crossing.function, crossing.waits] += number
            cuda.forget()
    assert result.label_image.any()
    assert found == {
        ("copy to device", "inference.host_copies.to_device", False): 1,  # the picture
        (
            "copy to host",
            "inference.host_copies.to_host",
            False,
        ): 3,  # the map, what its segments are, features
        ("wait", "inference.host_copies.to_host", True): 1,
    }


def test_frames_that_a_graph_replays_are_those_of_the_cpu():
    """The next picture, and words of the same number; other sizes need another graph."""
    others = [synthetic_picture((240, 320), seed=2), PICTURE, synthetic_picture((200, 320), seed=3)]
    words = ["green cube", "cup,mug", *ENTRIES[2:]]
    cpu = EOVSegPredictor.from_checkpoint("tiny", vocabulary=ENTRIES, device="cpu", backend="torch")
    expected = [cpu(p, vocabulary=cpu.encode(words)) for p in others]
    with simulated_cuda():
        predictor = load_tiny("torch")
        graphs = predictor._backend._graphs
        first = [predictor(PICTURE) for _ in range(3)]
        vocabulary = predictor.encode(words)
        found = [predictor(p, vocabulary=vocabulary) for p in others]
        assert [graph._graph and graph._graph.replays for graph in graphs._graphs.values()] == [4, None]
        assert_same(on_host(first[2]), on_host(first[0]))
        for one, other in zip(found, expected, strict=True):
            assert_same(on_host(one), on_host(other))


def test_fusion_of_masks_at_the_output_size():
    """Dropped queries and all: nothing is selected on the device, as that would be a second wait."""
    torch.manual_seed(0)
    classes, masks = 4 * torch.randn(12, 5), 5 * torch.randn(12, 7, 9)
    expected = fuse_panoptic(classes, masks, [True, False, True, True], 0.6, 0.1)
    assert len(expected.segments) > 2
    assert int((classes.softmax(-1)[:, :-1].amax(-1) <= 0.6).sum()) > 2
    with simulated_cuda() as cuda:
        device_classes, device_masks = classes.to("cuda"), masks.to("cuda")
        fuse_panoptic(device_classes, device_masks, [True, False, True, True])  # copies what classes are
        cuda.forget()
        found = fuse_panoptic(device_classes, device_masks, [True, False, True, True], 0.6, 0.1)
        assert (cuda.total("copy to host"), cuda.total("copy to device"), cuda.total("wait")) == (1, 0, 0)
        assert found.map.is_cuda and torch.equal(found.map.cpu(), expected.map)
    assert [s._replace(score=0.0) for s in found.segments] == [
        s._replace(score=0.0) for s in expected.segments
    ]
