"""STQ: hand-drawn grids, the examples of its authors' tests, and figures of their implementation."""

import math

import pytest
from video_grids import frame, random_videos

from eovseg_model.evaluation.metrics.segmentation_tracking_quality import SegmentationTrackingQuality

CARS_AND_SKY = {**{digit: (0, int(digit)) for digit in "12345"}, "s": (1, 0), "x": (0, 9, True)}


def quality(is_thing, *sequences):
    metric = SegmentationTrackingQuality(is_thing)
    for frames in sequences:
        metric.add(frames)
    return metric.result()


def shown(kinds, *rows):
    return {letter: kinds[letter] for letter in sorted(set("".join(rows)) - {"."})}


def one_row(true, predicted):
    return frame([true], shown(CARS_AND_SKY, true), [predicted], shown(CARS_AND_SKY, predicted))


def test_an_object_that_changes_its_id_halfway():
    """Two frames of 4 pixels with ids 5 and 6: (4 * 4/8 + 4 * 4/8) / 8 = 1/2. Its class is always right."""
    frames = [frame(["aaaa"], {"a": (0, 1)}, ["aaaa"], {"a": (0, track)}) for track in (5, 6)]
    assert quality([True], frames) == pytest.approx((100 * math.sqrt(0.5), 50, 100))


def test_a_track_is_the_same_whatever_its_class():
    """The second frame's class is wrong. AQ is perfect; both classes have an IoU of 4 / 8 and 0 / 4."""
    frames = [frame(["aaaa"], {"a": (0, 1)}, ["aaaa"], {"a": (label, 5)}) for label in (0, 1)]
    result = quality([True, True], frames)
    assert (result.aq, result.sq) == pytest.approx((100, (50 + 0) / 2))


def test_things_without_a_track_are_in_no_track_but_have_a_class():
    """Of 3 frames the first has no track: 2/3 * 2/3 of the pixels. Another 0 does not join it to anything."""
    frames = [frame(["aaaa"], {"a": (0, 1)}, ["aaaa"], {"a": (0, track)}) for track in (0, 5, 5)]
    assert quality([True], frames) == pytest.approx((100 * 2 / 3, 100 * 4 / 9, 100))


def test_ids_mean_nothing_from_one_sequence_to_the_next():
    """Each has its own object 1 and its own track 5."""
    first = [frame(["aaaa"], {"a": (0, 1)}, ["aaaa"], {"a": (0, 5)})]
    second = [frame(["aaaa"], {"a": (0, 1)}, ["aa.."], {"a": (0, 5)})]
    assert quality([True], first, second).aq == pytest.approx((100 + 100 * 2 / 4 * 2 / 4) / 2)


def test_void_and_crowds_do_not_count_for_tracks_and_void_not_for_classes():
    """The prediction covers the object (2), void (3) and a crowd (1); the crowd has the predicted class."""
    kinds = {"a": (0, 1), "x": (0, 2, True)}
    frames = [frame(["aa...x"], kinds, ["pppppp"], {"p": (0, 7)})]
    assert quality([True], frames) == pytest.approx((100, 100, 100))


def test_stuff_has_no_tracks_but_costs_the_things_that_lie_on_it():
    """IoU of the track 2 / 4; classes 2 / 4 and 2 / 4."""
    kinds = {"a": (0, 1), "s": (1, 0)}
    frames = [frame(["aassss"], kinds, ["aaaass"], kinds)]
    assert quality([True, False], frames) == pytest.approx((50, 50, 50))


def test_predicted_void_is_no_class():
    """Half of the only class's pixels are predicted as void."""
    frames = [frame(["aaaa"], {"a": (0, 1)}, ["aa.."], {"a": (0, 1)})]
    assert quality([True, False], frames).sq == pytest.approx(50)


def test_without_things_there_is_no_association():
    result = quality([True, False], [frame(["ss"], {"s": (1, 0)}, ["ss"], {"s": (1, 0)})])
    assert math.isnan(result.stq) and math.isnan(result.aq) and result.sq == 100


@pytest.mark.parametrize(
    ("true", "predicted", "stq", "aq", "sq"),
    [
        ("11111", "11111", 1.0, 1.0, 1.0),
        ("11111", "11222", 0.72111026, 0.52, 1.0),
        ("11111", "12222", 0.82462113, 0.68, 1.0),
        ("11111", "12345", 0.447213596, 0.2, 1.0),
        ("11111", "12122", 0.72111026, 0.52, 1.0),
        ("11111", "s1111", 0.50596443, 0.64, 0.4),
        ("x11111", "111111", 1.0, 1.0, 1.0),
        ("x11111", "222211", 0.72111026, 0.52, 1.0),
        ("x11111", "22s111", 0.40824829, 0.4, 5 / 12),
        ("s1111", "11111", 0.56568542, 0.8, 0.4),
        ("s1111", "22211", 0.42426407, 0.45, 0.4),
        ("s1111", "22s11", 0.3, 0.3, 0.3),
    ],
)
def test_the_authors_small_examples(true, predicted, stq, aq, sq):
    """Digits are cars, s is sky, x a crowd of cars. From the tests of deeplab2, of the metric's authors."""
    result = quality([True, False], [one_row(true, predicted)])
    assert result == pytest.approx((100 * stq, 100 * aq, 100 * sq), abs=1e-5)


def test_the_authors_example_of_three_frames():
    """Sky s, vegetation v, cars A and B; from the tests of deeplab2."""
    kinds = {"s": (0, 0), "v": (1, 0), "A": (2, 1), "B": (2, 2)}
    drawn = [
        (
            "ssssssss ssssssss sssBsvvv sBBBBvvv BBBBBBvv BBBBBBBv BBBBBBBv BBBBBBvv",
            "ssssssss ssssssss sssssvss sssBBvvv sBBBBAvv BBBBBAAv BBBBAAAv BBBBAAAv",
        ),
        (
            "ssssssss ssssssss sBssvvss BBBvvvvs BBBBvvvv BBBBBvvv BBBBBvvv BBBBvvvv",
            "ssssssss ssssssss ssssvvss sBBBvvvv BBBBvvvv BBBBBvvv BBBBAAvv BBBBAvvv",
        ),
        (
            "ssssssss ssssssss ssssssss Bsvvvsss BBvvvvss BBBvvvvs BBBvvvvv BBBvvvvv",
            "ssssssss ssssssss ssssvsss ssvvvvss BBBvvvss BBBvvvvv BBBBvvvv BBBBvvvv",
        ),
    ]
    frames = []
    for true, predicted in drawn:
        rows = true.split(), predicted.split()
        frames.append(frame(rows[0], shown(kinds, *rows[0]), rows[1], shown(kinds, *rows[1])))
    result = quality([False, False, True], frames)
    assert result == pytest.approx((66.841773352, 55.366581415, 80.69529580309542))


@pytest.mark.parametrize(
    ("seed", "aq", "iou_with_void"),
    [(0, 24.33363, 18.754491), (1, 13.19360, 19.535234), (2, 24.65384, 30.802974), (3, 14.85190, 27.780858)],
)
def test_the_referee_agrees(seed, aq, iou_with_void):
    """Computed with deeplab2's NumPy implementation, which differs in three points.

    It counts a track anew for each of its classes, so it was given one class of things for AQ. It counts
    predicted void as a class with an IoU of 0: 4 classes instead of 3. It judges predictions on void, which
    were left out.
    """
    result = quality([True, True, False], *random_videos(seed))
    assert result.aq == pytest.approx(aq, abs=2e-5)
    assert result.sq == pytest.approx(iou_with_void * 4 / 3, abs=2e-6)
    assert result.stq == pytest.approx(math.sqrt(result.aq * result.sq))
