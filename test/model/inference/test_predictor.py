"""The predictor: sizes, thresholds, batches, and what it refuses."""

import numpy as np
import pytest
import torch

from eovseg_model.inference import postprocess
from eovseg_model.inference.input_size import ImageSizeError
from eovseg_model.inference.pixel_assignment import assign_pixels
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.inference.preprocess import to_input
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return EOVSegPredictor(build_model(CONFIGS["tiny"]), ["mug,cup", "robot arm", "floor|stuff"])


def image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("shape", "output"), [((50, 70), None), ((50, 70), (33, 91)), ((1, 1), None)])
def test_the_result_has_the_size_that_was_asked_for(tiny, shape, output):
    result = tiny(image(*shape), short_side=64, output_size=output)
    assert result.map.shape == (output or shape) and result.map.dtype == torch.int32
    assert result.semantic.shape == (output or shape)
    ids = set(np.unique(result.map)) - {0}
    assert ids == {s.id for s in result.segments}
    assert all(s.area == int((result.map == s.id).sum()) for s in result.segments)


def test_default_short_side_is_the_variants(tiny):
    sizes = []
    hook = tiny.model.backbone.register_forward_pre_hook(
        lambda _m, args: sizes.append(tuple(args[0].shape[-2:]))
    )
    tiny(image(120, 160))
    tiny(image(120, 160), short_side=0)
    tiny(image(120, 160), short_side=-1)
    tiny(image(120, 160), short_side=64)
    hook.remove()
    assert sizes == [
        (224, 288),
        (224, 288),
        (128, 160),
        (64, 96),
    ]  # 216x288, 120x160 and 64x85, padded to multiples of 32


def test_batch_of_two_equals_two_singles(tiny):
    """The second is padded on both sides, from 70x101 to 96x128."""
    inputs = [to_input(image(*size), tiny.device) for size in ((96, 128), (70, 101))]
    text = tiny.vocabulary
    with torch.no_grad():
        both = tiny.model(torch.cat(inputs), text.text, text.seen)
        singles = [tiny.model(x, text.text, text.seen) for x in inputs]
    for i, single in enumerate(singles):
        for a, b in zip(both, single, strict=True):
            error = torch.linalg.norm(a[i] - b[0]) / torch.linalg.norm(b[0])
            assert error < 1e-4


def test_thresholds_are_arguments(tiny):
    picture = image(64, 64)
    scores = [s.score for s in tiny(picture, overlap_threshold=0.0).segments]
    assert scores
    kept = tiny(picture, overlap_threshold=0.0, object_threshold=max(scores)).segments
    assert len(kept) < len(scores) and all(s.score > max(scores) for s in kept)


def test_the_overlap_threshold_is_the_variants_own_unless_given(tiny, monkeypatch):
    used = []

    def spy(classes, masks, is_thing, object_threshold, overlap_threshold, sizes):
        used.append(overlap_threshold)
        return assign_pixels(classes, masks, is_thing, object_threshold, overlap_threshold, sizes)

    monkeypatch.setattr(postprocess, "assign_pixels", spy)
    tiny(image(64, 64))
    tiny(image(64, 64), overlap_threshold=0.3)
    tiny.segment_batch([image(64, 64)] * 2)
    tiny.segment_batch([image(64, 64)], overlap_threshold=0.4)
    assert used == [0.6, 0.3, 0.6, 0.6, 0.4]
    assert [CONFIGS[v].overlap_threshold for v in ("s", "m", "l")] == [0.8] * 3  # the paper's


def test_another_vocabulary_for_one_image(tiny):
    other = tiny.encode(["duck|stuff"])
    result = tiny(image(64, 64), vocabulary=other)
    assert {s.label for s in result.segments} <= {"duck"}
    assert result.final_class_logits.shape[1] == 2
    assert tiny.vocabulary.vocabulary.labels == ("mug", "robot arm", "floor")


def test_seen_follows_the_training_vocabulary_unless_given(tiny):
    assert tiny.encode(["cup,tea mug", "banana"]).seen.tolist() == [True, False]
    assert tiny.encode(["cup,tea mug", "banana"], seen=[False, True]).seen.tolist() == [False, True]
    with pytest.raises(ValueError, match="one entry per class; got 1 for 2 classes"):
        tiny.encode(["mug", "banana"], seen=[True])


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((4, 4), np.uint8), r"\(H, W, 3\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(H, W, 3\)"),
        (np.zeros((4, 4, 3), np.float32), "uint8"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        ("mug.png", r"\(H, W, 3\)"),
    ],
)
def test_what_is_no_image_is_refused(tiny, picture, words):
    with pytest.raises(ValueError, match=words):
        tiny(picture)


@pytest.mark.parametrize(
    ("shape", "inside"),
    [
        ((4320, 7680), "7680x4320 pixels has 7680x4320 = 33177600"),
        ((2048, 2049), "2049x2048 pixels has 2080x2048 = 4259840"),  # the sides are multiples of 32
        ((1, 131073), "131073x1 pixels has 131104x32 = 4195328"),
    ],
)
def test_an_image_that_is_too_large_for_the_network_is_refused_with_a_remedy(tiny, shape, inside):
    with pytest.raises(ImageSizeError) as caught:
        tiny(image(*shape), short_side=-1)
    assert isinstance(caught.value, ValueError)
    assert inside in str(caught.value) and "takes at most 4194304" in str(caught.value)
    assert "smaller short_side" in str(caught.value)


def test_a_large_image_is_segmented_where_it_is_resized(tiny):
    assert tiny(image(2160, 3840), short_side=32).map.shape == (2160, 3840)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"short_side": -2}, r"pixels, 0 \(the variant's default\) or -1 .*, got -2"),
        ({"short_side": 64.5}, "got 64.5"),
        ({"short_side": None}, "short_side must be a number of pixels, .* got None"),
        ({"short_side": "variant"}, "got 'variant'"),
        ({"short_side": True}, "got True"),
        ({"output_size": (0, 5)}, r"\(height, width\)"),
        ({"output_size": (5,)}, r"\(height, width\)"),
    ],
)
def test_sizes_without_pixels_are_refused(tiny, sizes, words):
    with pytest.raises(ValueError, match=words):
        tiny(image(8, 8), **sizes)
