"""VPQ: hand-drawn grids, and panoptic quality of frames side by side."""

import math

import numpy as np
import pytest
from video_grids import frame, random_videos

from eovseg_model.evaluation.metrics.panoptic_quality import ClassifiedSegment, PanopticQuality
from eovseg_model.evaluation.metrics.video_panoptic_quality import VideoPanopticQuality


def tracked(*tracks, label=0):
    """One object of 4 pixels, found in every frame with a track id."""
    return [frame(["aaaa"], {"a": (0, 1)}, ["aaaa"], {"a": (label, track)}) for track in tracks]


def quality(is_thing, windows, *sequences):
    metric = VideoPanopticQuality(is_thing, windows)
    for frames in sequences:
        metric.add(frames)
    return metric


def test_of_single_frames_it_is_pq_whatever_the_ids():
    assert quality([True], [1], tracked(5, 6, 7)).result() == 100


def test_windows_with_a_switch():
    """Ids 5 5 6. Windows of 2: 5 5 matches; 5 6 has two tubes of IoU 4/8, which is no match: 1 FN, 2 FP.

    Window of 3: tube 5 has IoU 8/12 and matches, tube 6 is an FP.
    """
    metric = quality([True], [1, 2, 3], tracked(5, 5, 6))
    assert metric.of_window(1) == 100
    assert metric.of_window(2) == pytest.approx(100 / (1 + 0.5 + 2 * 0.5))
    assert metric.of_window(3) == pytest.approx(100 * (8 / 12) / 1.5)
    assert metric.result() == pytest.approx((100 + 40 + 400 / 9) / 3)


def test_a_short_sequence_is_one_window():
    """4 frames with ids 5 5 5 6: IoU 12/16, and one FP."""
    assert quality([True], [15], tracked(5, 5, 5, 6)).result() == pytest.approx(100 * 0.75 / 1.5)


def test_windows_do_not_reach_into_the_next_sequence():
    assert quality([True], [2], tracked(5, 5), tracked(6, 6)).result() == 100


def test_things_without_a_track_are_tubes_of_one_frame():
    assert (
        quality([True], [1, 2], tracked(0, 0, 5)).result()
        == quality([True], [1, 2], tracked(3, 4, 5)).result()
    )


def test_stuff_is_one_tube_whatever_its_ids():
    frames = [frame(["ssss"], {"s": (0, 1)}, ["ssss"], {"s": (0, track)}) for track in (5, 6)]
    assert quality([False], [2], frames).result() == 100


def test_a_class_that_changes_makes_another_tube():
    """Class 0: IoU 4/8, no match, 1 FN and 1 FP. Class 1: 1 FP."""
    metric = quality([True, True], [2], tracked(5) + tracked(5, label=1))
    assert metric.result() == 0


def test_void_does_not_count():
    """The prediction covers the object and 4 pixels of void: IoU 4 / (4 + 8 - 4 - 4)."""
    frames = [frame(["aa.."], {"a": (0, 1)}, ["pppp"], {"p": (0, 7)})] * 2
    assert quality([True], [2], frames).result() == 100


def test_without_segments_there_is_no_quality():
    empty = frame([".."], {}, [".."], {})
    assert math.isnan(quality([True], [1, 2], [empty] * 3).result())


@pytest.mark.parametrize("window", [1, 2, 5])
def test_a_window_is_one_wide_image(window):
    """PQ, which is checked elsewhere, of the frames of every window side by side."""
    videos = random_videos(7)
    expected = PanopticQuality(3)
    for frames in videos:
        for start in range(len(frames) - window + 1):
            sides, tubes = [[], []], [{}, {}]
            for overlaps in frames[start : start + window]:
                for rows, columns, ids in _pixels(overlaps):
                    for side, values in zip(sides, (rows, columns), strict=True):
                        side.append(values)
                    for kinds, segments in zip(tubes, ids, strict=True):
                        kinds |= segments
            true, predicted = (np.concatenate(side)[None] for side in sides)
            expected.update(predicted, list(tubes[1].values()), true, list(tubes[0].values()))
    metric = quality([True, True, False], [window], *videos)
    assert metric.result() == pytest.approx(expected.mean().pq)
    assert 0 < metric.result() < 100


def _pixels(overlaps):
    """Ids of tubes, pixel for pixel, as the counts of a frame say."""

    def tube(segment):
        track = segment.track_id if segment.class_id < 2 else 0
        return ClassifiedSegment(1 + 100 * segment.class_id + track, segment.class_id)

    sides = [[None, *map(tube, segments)] for segments in (overlaps.true, overlaps.predicted)]
    ids = [{s.id: s for s in side if s} for side in sides]
    for t, p in zip(*np.nonzero(overlaps.pixels), strict=True):
        count = overlaps.pixels[t, p]
        values = [np.full(count, side[i].id if side[i] else 0) for side, i in zip(sides, (t, p), strict=True)]
        yield *values, ids
