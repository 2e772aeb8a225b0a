"""Switches and HOTA: hand-drawn grids, and figures of trackeval 1.3.0."""

import numpy as np
import pytest
from video_grids import frame, random_videos

from eovseg_model.evaluation.metrics.higher_order_accuracy import HotaCounts
from eovseg_model.evaluation.metrics.overlaps import count_overlaps, overlap_iou
from eovseg_model.evaluation.metrics.switches import Switches

THINGS = [True, True, False]


def found(*kinds):
    """Frames of one object of 4 pixels; a kind is class and track of a good prediction, None for none."""
    frames = []
    for kind in kinds:
        rows, segments = (["...."], {}) if kind is None else (["aaaa"], {"a": kind})
        frames.append(frame(["aaaa"], {"a": (0, 1)}, rows, segments))
    return frames


def count(*sequences):
    switches = Switches(THINGS)
    for frames in sequences:
        switches.add(frames)
    return switches


def test_common_pixels_are_counted_by_pair():
    true, predicted = np.array([[3, 3, 0], [3, 900, 8]]), np.array([[0, 5, 5], [5, 5, 5]])
    assert count_overlaps(true, [900, 3], predicted, [5]).tolist() == [
        [0, 2],  # void, and 8, which is not listed
        [0, 1],
        [1, 2],
    ]
    with pytest.raises(ValueError, match=r"prediction \(1, 2\), ground truth \(2, 2\)"):
        count_overlaps(np.zeros((2, 2), int), [], np.zeros((1, 2), int), [])


def test_void_is_outside_the_union():
    """Row: one true segment of 5 pixels, 2 in common; the prediction has 1 more on void, 1 on another."""
    assert overlap_iou(np.array([[9, 1], [3, 2], [0, 1]])).tolist() == [[2 / 6], [1 / 3]]


def test_an_identity_switch_is_a_change_between_matches():
    switches = count(found((0, 5), (0, 5), (0, 6), (0, 6), (0, 5)))
    assert (switches.identity_switches, switches.label_switches, switches.object_frames) == (2, 0, 5)
    assert switches.per_100(switches.identity_switches) == 40


def test_what_comes_back_with_another_id_is_a_switch_and_with_its_own_none():
    assert count(found((0, 5), None, None, (0, 6))).identity_switches == 1
    switches = count(found((0, 5), None, None, (0, 5)))
    assert (switches.identity_switches, switches.matches, switches.object_frames) == (0, 2, 4)


def test_a_match_without_a_track_is_no_switch_and_forgets_none():
    assert count(found((0, 0), (0, 5), (0, 0), (0, 5))).identity_switches == 0
    assert count(found((0, 0), (0, 5), (0, 0), (0, 6))).identity_switches == 1
    assert count(found((0, 0), (1, 5), (0, 0))).label_switches == 2


def test_hota_of_things_without_a_track():
    """Each is a track of one of the 3 frames: AssA is 1/3, as without tracking."""
    assert accuracy(found((0, 0), (0, 0), (0, 0))) == accuracy(found((0, 5), (0, 6), (0, 7)))


def test_a_label_switch_is_a_change_of_class_whatever_the_track():
    switches = count(found((0, 5), (1, 5), (1, 6), None, (0, 6)))
    assert (switches.label_switches, switches.identity_switches) == (2, 1)


def test_a_thing_called_stuff_is_not_matched():
    switches = count(found((0, 5), (2, 0), (0, 5)))
    assert (switches.matches, switches.label_switches) == (2, 0)


def test_half_is_no_match_and_crowds_stuff_and_hidden_objects_do_not_count():
    kinds = {"a": (0, 1), "x": (0, 2, True), "s": (2, 0), "h": (0, 3)}
    switches = count([frame(["aaxxss"], kinds, ["a.xxss"], {"a": (0, 5), "x": (0, 6), "s": (2, 0)})])
    assert (switches.object_frames, switches.matches) == (1, 0)


def test_a_listed_object_without_pixels_is_no_object_frame():
    """One of the two has pixels; 1 switch per object-frame would be 100."""
    switches = count([frame(["aa."], {"h": (0, 3), "a": (0, 1)}, ["aa."], {"a": (0, 5)})])
    assert (switches.object_frames, switches.matches) == (1, 1)
    assert switches.per_100(1) == 100


def test_sequences_are_independent():
    switches = count(found((0, 5)), found((0, 6)))
    assert (switches.identity_switches, switches.object_frames) == (0, 2)
    assert Switches(THINGS).per_100(0) == 0


def accuracy(*sequences):
    counts = HotaCounts(THINGS)
    for frames in sequences:
        counts.add(frames)
    return counts.result()


def test_hota_of_a_switch_halfway():
    """All found. Each match is in 2 of the 4 frames that have either track: AssA 1/2, HOTA its root."""
    assert accuracy(found((0, 5), (0, 5), (1, 6), (0, 6))) == pytest.approx((100 * 0.5**0.5, 100, 50))


def test_hota_of_a_missing_and_of_a_false_detection():
    """Half of the frames found: DetA 1/2, AssA 1 / (1 + 1). A false detection in a sequence of its own."""
    assert accuracy(found((0, 5), None)) == pytest.approx((50, 50, 50))
    nothing = [frame(["ssss"], {"s": (2, 0)}, ["aaaa"], {"a": (0, 5)})]
    assert accuracy(found((0, 5)), nothing) == pytest.approx((100 * 0.5**0.5, 50, 100))


def test_hota_counts_an_iou_for_the_thresholds_up_to_it():
    """IoU 2/4 reaches 10 of the 19 thresholds (0.05 to 0.5)."""
    half = [frame(["aaaa"], {"a": (0, 1)}, ["aa.."], {"a": (0, 5)})]
    assert accuracy(half) == pytest.approx((100 * 10 / 19,) * 3)


@pytest.mark.parametrize(
    ("seed", "hota", "switches"),
    [
        (0, (39.00767, 34.737367, 44.155773), (2, 50, 110)),
        (1, (30.848412, 30.573063, 31.486619), (3, 35, 85)),
        (2, (43.484841, 40.947888, 46.364838), (3, 42, 67)),
        (3, (30.19922, 31.235807, 29.35153), (10, 49, 116)),
    ],
)
def test_the_referee_agrees(seed, hota, switches):
    """HOTA, DetA and AssA; IDSW, TP and TP + FN of CLEAR with an IoU above 0.5: trackeval on the same videos.

    trackeval itself is no dependency: it needs opencv-python, whose files are those of
    opencv-python-headless, and a newer NumPy.
    """
    videos = random_videos(seed)
    assert accuracy(*videos) == pytest.approx(hota, abs=1e-6)
    counted = count(*videos)
    assert (counted.identity_switches, counted.matches, counted.object_frames) == switches
