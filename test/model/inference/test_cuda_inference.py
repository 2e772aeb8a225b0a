"""A picture's way through the model on a GPU, as far as a simulated one shows it: devices, values, waits."""

import dataclasses
import threading
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image
from simulated_cuda import simulated_cuda

from eovseg_model.backends.cuda.streams import ThreadStreams
from eovseg_model.backends.loading import load_backend
from eovseg_model.benchmark.synthetic import synthetic_model, synthetic_picture
from eovseg_model.inference import mask_sizes
from eovseg_model.inference.device_resize import resize_pixels
from eovseg_model.inference.panoptic import fuse_panoptic
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.inference.preprocess import prepare
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


def test_a_batch_gives_the_values_of_the_cpu(tiny):
    backend, expected = tiny
    with simulated_cuda():
        other, result = load_tiny(backend).segment_batch([synthetic_picture((240, 320), seed=2), PICTURE])
        assert result.map.is_cuda
        found = on_host(result)
        assert np.array_equal(result.label_image, found["map"].numpy())
    assert not np.array_equal(other.label_image, result.label_image)
    assert_same(found, on_host(expected))
    assert [s.label for s in result.segments] == [s.label for s in expected.segments]
    for one, two in zip(result.segment_features, expected.segment_features, strict=True):
        np.testing.assert_allclose(one, two, atol=2e-3)


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


def test_fusion_in_bands_on_the_device(monkeypatch):
    """Of masks that are upsampled; the last band has fewer rows."""
    monkeypatch.setattr(mask_sizes, "NUMBERS_PER_GPU_BAND", 12 * 50 * 16)
    torch.manual_seed(0)
    classes, masks = 4 * torch.randn(12, 5), 5 * torch.randn(12, 16, 24)
    arguments = ([True, False, True, True], 0.0, 0.1, mask_sizes.MaskSizes((64, 96), (60, 90), (37, 50)))
    expected = fuse_panoptic(classes, masks, *arguments)
    assert len(expected.segments) > 3
    with simulated_cuda() as cuda:
        on_device = classes.to("cuda"), masks.to("cuda")
        fuse_panoptic(*on_device, *arguments)  # copies what only depends on the sizes
        cuda.forget()
        found = fuse_panoptic(*on_device, *arguments)
        assert [c.kind for c in cuda.crossings.elements()] == ["copy to host"]
        assert (found.map.cpu() != expected.map).sum() <= 2
    for one, other in zip(found.segments, expected.segments, strict=True):
        assert one[:3] == other[:3] and abs(one.area - other.area) <= 2
    assert [mask_sizes.rows_per_band(12, 50, device) for device in ("cuda", "cpu")] == [16, 256]


@pytest.mark.parametrize(("size", "on_cpu", "on_gpu"), [((480, 640), 60, 2), ((1080, 1920), 270, 9)])
def test_bands_of_100_masks(size, on_cpu, on_gpu):
    """2**19 / (100 * 640) numbers are 8 rows, / (100 * 1920) at least 4; 2**25 are 256 and 128 rows."""
    bands = [-(-size[0] // mask_sizes.rows_per_band(100, size[1], device)) for device in ("cpu", "cuda")]
    assert bands == [on_cpu, on_gpu]


def test_a_resized_picture_of_any_size_is_that_of_pillow():
    """On the device, to the bit; the next pictures are one copy and nothing else crosses."""
    random = np.random.default_rng(0)
    for height, width in ((480, 640), (72, 128), (108, 192), (1, 40), (33, 31)):
        first, *others = random.integers(0, 256, (3, height, width, 3), dtype=np.uint8)
        for short_side in (64, 37, 1):
            with simulated_cuda() as cuda:
                prepare([first], short_side, torch.device("cuda"))
                cuda.forget()
                found, shape = prepare(others, short_side, torch.device("cuda"))
                assert [c.kind for c in cuda.crossings.elements()] == ["copy to device"]
                found = found.cpu()
            expected = [prepare([other], short_side, torch.device("cpu")) for other in others]
            assert shape == expected[0][1] and torch.equal(found, torch.cat([x for x, _ in expected]))


def test_a_tall_picture_differs_from_that_of_pillow_by_a_level_at_most():
    picture = np.random.default_rng(0).integers(0, 256, (300, 60, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(picture).resize((24, 120), Image.Resampling.BILINEAR))
    found = resize_pixels(torch.from_numpy(picture), (120, 24)).numpy()
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_every_thread_has_a_stream_of_its_own_that_waits_for_the_callers():
    predictor_streams, used = ThreadStreams(), []

    def call() -> None:
        with predictor_streams.call(torch.device("cuda"), tf32=False):
            used.append(torch.cuda.current_stream("cuda"))

    with simulated_cuda():
        caller = torch.cuda.Stream("cuda")
        with torch.cuda.stream(caller):
            call()
            call()
        assert torch.cuda.current_stream("cuda") is torch.cuda.default_stream("cuda")
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
    assert used[0] is used[1] is not used[2]
    assert used[0].waited_for == [caller, caller] and len(used[2].waited_for) == 1
    with predictor_streams.call(torch.device("cpu"), tf32=False):
        used.append(None)


def test_a_vocabulary_is_complete_before_other_threads_use_it():
    with simulated_cuda() as cuda:
        predictor = load_tiny("reference")
        cuda.forget()
        predictor.encode(ENTRIES[:3])
        assert cuda.waits()["backends.cuda.streams.wait_for_device"] == 1


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
