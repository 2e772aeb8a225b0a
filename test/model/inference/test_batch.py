"""Several images in one call: the results are those of single calls."""

import numpy as np
import pytest
import torch

from eovseg_model.benchmark.synthetic import synthetic_model, synthetic_picture
from eovseg_model.inference.input_size import ImageSizeError
from eovseg_model.inference.predictor import EOVSegPredictor

NAMES = ["red cube", "mug,cup", "blue bowl", "green ball", "table|stuff", "floor|stuff", "wall|stuff"]
LOGITS = ("class_logits", "mask_logits", "final_class_logits")


@pytest.fixture(scope="module", params=["reference", "torch"])
def tiny(request):
    return EOVSegPredictor.from_checkpoint("tiny", vocabulary=NAMES, device="cpu", backend=request.param)


def assert_same_result(found, expected):
    """Logits to rounding, everything else exactly."""
    for name in LOGITS:
        one, other = getattr(found, name), getattr(expected, name)
        assert one.shape == other.shape
        assert float(torch.linalg.norm(one - other) / torch.linalg.norm(other)) < 1e-5, name
    assert np.array_equal(found.label_image, expected.label_image)
    assert torch.equal(found.map, expected.map)
    assert [s.__dict__ | {"score": 0} for s in found.segments] == [
        s.__dict__ | {"score": 0} for s in expected.segments
    ]
    assert [s.score for s in found.segments] == pytest.approx([s.score for s in expected.segments], abs=1e-4)
    for one, other in zip(found.segment_features, expected.segment_features, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_batch_of_simulated_frames_equals_single_calls(tiny):
    pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")
    from eovseg_model.simulation.scenes.scene import Scene

    pictures = []
    for seed in (3_000_000, 3_000_001, 3_000_002):
        with Scene(seed=seed) as scene:
            pictures.append(scene.render(0.0).rgb)
    singles = [tiny(picture) for picture in pictures]
    assert all(len(single.segments) >= 3 for single in singles)
    assert not np.array_equal(singles[0].label_image, singles[1].label_image)
    for found, expected in zip(tiny.segment_batch(pictures), singles, strict=True):
        assert_same_result(found, expected)


def test_the_arguments_are_those_of_a_single_call(tiny):
    pictures = [synthetic_picture((60, 100), seed) for seed in range(2)]
    vocabulary = tiny.encode(["duck|stuff", "robot arm"])
    options = {"short_side": 90, "vocabulary": vocabulary, "object_threshold": 0.02, "overlap_threshold": 0.1}
    singles = [tiny(picture, **options) for picture in pictures]
    assert any(single.segments for single in singles)
    for found, expected in zip(tiny.segment_batch(pictures, **options), singles, strict=True):
        assert found.vocabulary is vocabulary.vocabulary
        assert found.label_image.shape == (60, 100)
        assert torch.equal(found.semantic, expected.semantic)
        assert_same_result(found, expected)


def test_a_batch_of_s_equals_single_calls():
    """With all masks kept and random weights; segments may differ by a few pixels."""
    predictor = EOVSegPredictor(synthetic_model("s"), NAMES)
    pictures = [synthetic_picture((64, 96), seed) for seed in range(2)]
    singles = [predictor(picture, short_side=-1, overlap_threshold=0.0) for picture in pictures]
    both = predictor.segment_batch(pictures, short_side=-1, overlap_threshold=0.0)
    for found, expected in zip(both, singles, strict=True):
        assert len(expected.segments) > 3
        assert (found.label_image != expected.label_image).mean() < 1e-3
        for name in LOGITS:
            one, other = getattr(found, name), getattr(expected, name)
            assert float(torch.linalg.norm(one - other) / torch.linalg.norm(other)) < 1e-4, name


def test_one_image_and_an_array_of_images_are_batches(tiny):
    pictures = np.stack([synthetic_picture((64, 96), seed) for seed in range(2)])
    expected = [tiny(picture) for picture in pictures]
    (first,) = tiny.segment_batch(pictures[:1])
    assert_same_result(first, expected[0])
    for found, single in zip(tiny.segment_batch(pictures), expected, strict=True):
        assert_same_result(found, single)


def test_the_network_is_called_once(tiny):
    sizes = []
    hook = tiny.model.backbone.register_forward_pre_hook(lambda _m, args: sizes.append(tuple(args[0].shape)))
    tiny.segment_batch([synthetic_picture((96, 128), seed) for seed in range(3)], short_side=-1)
    hook.remove()
    assert sizes == [(3, 3, 96, 128)]


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        ([], "at least one image, got none"),
        ([(48, 64, 3), (48, 64, 3), (64, 48, 3)], "one size, got 64x48 and 48x64; segment them one by one"),
        ([(48, 64, 3), (48, 64)], r"\(H, W, 3\) RGB array, got \(48, 64\)"),
    ],
)
def test_what_is_no_batch_is_refused(tiny, pictures, words):
    with pytest.raises(ValueError, match=words):
        tiny.segment_batch([np.zeros(shape, np.uint8) for shape in pictures])


def test_the_limit_of_an_image_holds_for_each_of_a_batch(tiny):
    with pytest.raises(ImageSizeError, match="2049x2048 pixels"):
        tiny.segment_batch([np.zeros((2048, 2049, 3), np.uint8)] * 2, short_side=-1)
    with pytest.raises(ValueError, match="short_side"):
        tiny.segment_batch([np.zeros((48, 64, 3), np.uint8)], short_side=-2)
