"""Ids that last and names that stand still, in made-up frames."""

import dataclasses

import numpy as np
import pytest
from frames import BALL, CUBE, FLOOR, MUG, WALL, Square, frame, ids, names, scores

from eovseg_model.tracking import Tracker, TrackingConfig
from eovseg_model.vocabulary import Vocabulary

MUG_LEFT, BALL_RIGHT = Square(MUG, axis=0, x=10, y=10), Square(BALL, axis=1, x=100, y=60)


def follow(*frames, rate=10.0, **config):
    """The tracker, and its results at a rate in Hz; None is a frame that did not come."""
    tracker = Tracker(TrackingConfig(**config))
    return [tracker.update(f, i / rate) for i, f in enumerate(frames) if f is not None]


def test_an_id_comes_with_the_second_frame_and_stays():
    one, two, three = follow(*[frame(MUG_LEFT, BALL_RIGHT)] * 3)
    assert (ids(one), ids(two), ids(three)) == ([0, 0], [1, 2], [1, 2])


def test_what_is_seen_once_and_comes_back_later_is_begun_anew():
    results = follow(frame(MUG_LEFT), frame(), frame(MUG_LEFT), frame(MUG_LEFT))
    assert [ids(r) for r in results] == [[0], [], [0], [1]]


def test_kernels_decide_where_objects_change_places():
    swapped = frame(MUG_LEFT._replace(x=100, y=60), BALL_RIGHT._replace(x=10, y=10))
    one, two, three = follow(frame(MUG_LEFT, BALL_RIGHT), frame(MUG_LEFT, BALL_RIGHT), swapped)
    assert ids(two) == [1, 2] and ids(three) == [1, 2]


def test_masks_decide_between_objects_of_one_kernel():
    left, right = Square(MUG, axis=0, x=10, y=10), Square(MUG, axis=0, x=100, y=60)
    *_, two, three = follow(frame(left, right), frame(left, right), frame(right, left))
    assert ids(two) == [1, 2] and ids(three) == [2, 1]


def test_classes_decide_between_objects_of_one_kernel_without_overlap():
    mug, ball = Square(MUG, axis=0, x=10), Square(BALL, axis=0, x=30)
    moved = Square(BALL, axis=0, x=60), Square(MUG, axis=0, x=80)
    assert ids(follow(frame(mug, ball), frame(mug, ball), frame(*moved))[-1]) == [2, 1]


def test_a_mask_is_expected_where_its_speed_takes_it():
    """Two of one kernel and class, 10 pixels wide, move right by 12 a frame: no mask overlaps its last.

    In the last frame they are listed in the other order.
    """
    frames = [frame(Square(MUG, 0, x=12 * i, y=10), Square(MUG, 0, x=24 + 12 * i, y=10)) for i in range(3)]
    *_, last = follow(*frames, frame(Square(MUG, 0, x=60, y=10), Square(MUG, 0, x=36, y=10)))
    assert ids(last) == [2, 1]


def test_another_object_in_the_same_place_is_another():
    other = Square(BALL, axis=5, x=10, y=10)
    results = follow(frame(MUG_LEFT), frame(MUG_LEFT), frame(other), frame(other))
    assert [ids(r) for r in results] == [[0], [1], [0], [2]]


@pytest.mark.parametrize(("hidden", "expected"), [(5, 1), (6, 0)])
def test_a_hidden_object_is_remembered_for_seconds_of_the_stamps(hidden, expected):
    """Seen at 0.0 and 0.1 s; it comes back `hidden` frames of 0.1 s later, with a memory of 0.5 s."""
    frames = [frame(MUG_LEFT)] * 2 + [frame(BALL_RIGHT)] * (hidden - 1) + [frame(MUG_LEFT)]
    assert ids(follow(*frames, memory=0.5001)[-1]) == [expected]


def test_ids_are_not_used_again():
    frames = [frame(MUG_LEFT)] * 2 + [frame()] * 8 + [frame(MUG_LEFT)] * 2
    assert ids(follow(*frames, memory=0.5)[-1]) == [2]


def test_a_step_back_in_time_and_a_long_gap_start_anew():
    tracker = Tracker(TrackingConfig(memory=1.0))
    stamps = (5.0, 5.1, 5.1, 2.0, 2.1, 3.0, 9.0, 9.1)
    found = [ids(tracker.update(frame(MUG_LEFT), stamp)) for stamp in stamps]
    assert found == [[0], [1], [1], [0], [2], [2], [0], [3]]


def test_another_model_starts_anew():
    """Its kernels have another length."""
    wide = frame(MUG_LEFT, width=32)
    assert [ids(r) for r in follow(*[frame(MUG_LEFT)] * 2, wide, wide)] == [[0], [1], [0], [2]]


def test_all_stuff_of_a_name_has_one_id_at_once_and_for_ever():
    floor, wall = Square(FLOOR, axis=2, y=100), Square(WALL, axis=3, y=0, x=50)
    tracker = Tracker(TrackingConfig(memory=0.5))
    first = tracker.update(frame(floor, wall), 0.0)
    assert ids(first) == [1, 2]
    tracker.update(frame(), 100.0)
    assert ids(tracker.update(frame(wall, floor), 50.0)) == [2, 1]
    other = Vocabulary.parse(["wall|stuff", "floor|stuff"])
    assert ids(tracker.update(frame(Square(0, 3), vocabulary=other), 51.0)) == [2]


def test_a_new_vocabulary_keeps_ids_and_changes_names():
    other = Vocabulary.parse(["floor|stuff", "cup", "sphere", "book"])
    cup, sphere = MUG_LEFT._replace(class_id=1), BALL_RIGHT._replace(class_id=2)
    *_, before, after = follow(
        frame(MUG_LEFT, BALL_RIGHT), frame(MUG_LEFT, BALL_RIGHT), frame(cup, sphere, vocabulary=other)
    )
    assert (ids(before), names(before)) == ([1, 2], ["mug", "ball"])
    assert (ids(after), names(after)) == ([1, 2], ["cup", "sphere"])
    assert [s.class_id for s in after] == [1, 2] and scores(after) == [0.9, 0.9]


def test_names_are_those_of_the_average():
    """Smoothing 0.5. Mug: 0.8, 0.5 * 0.8 + 0.5 * 0.4 = 0.6, 0.3 + 0.5 * 0.4 = 0.5, 0.25 + 0.2 = 0.45.

    Ball: 0.2, 0.1 + 0.5 * 0.6 = 0.4, 0.2 + 0.3 = 0.5, 0.25 + 0.3 = 0.55: from the fourth frame it is one.
    """
    sure = MUG_LEFT._replace(probability=0.8, second=BALL)
    unsure = MUG_LEFT._replace(class_id=BALL, probability=0.6, second=MUG)
    results = follow(frame(sure), *[frame(unsure)] * 3, smoothing=0.5)
    assert [names(r)[0] for r in (results[0], results[1], results[3])] == ["mug", "mug", "ball"]
    assert [scores(r)[0] for r in results] == [0.8, 0.6, 0.5, 0.55]
    assert results[1][0].class_id == MUG


def test_without_smoothing_names_and_scores_are_the_frames_own():
    sure = MUG_LEFT._replace(probability=0.8, second=BALL)
    unsure = MUG_LEFT._replace(class_id=BALL, probability=0.6, second=MUG)
    results = follow(frame(sure), frame(unsure), smoothing=0.0)
    assert [names(r) for r in results] == [["mug"], ["ball"]]
    assert [scores(r) for r in results] == [[0.8], [0.6]]


def test_a_thing_gets_no_name_of_stuff():
    """The average may be highest for stuff; the segment is a thing in the image."""
    thing = Square(CUBE, axis=4, probability=0.4, second=WALL)
    assert names(follow(frame(thing), frame(thing))[-1]) == ["cube"]


def test_the_segments_are_otherwise_the_same_and_the_result_is_not_changed():
    given = frame(MUG_LEFT, Square(FLOOR, 2, y=100))
    thing, stuff = Tracker().update(given, 1.0)
    assert dataclasses.replace(thing, score=0.9) == given.segments[0]
    assert thing.score == pytest.approx(0.9) and stuff == dataclasses.replace(given.segments[1], track_id=1)
    assert ids(given.segments) == [0, 0]


def test_frames_without_anything():
    assert [ids(r) for r in follow(frame(), frame(), frame(MUG_LEFT), frame())] == [[], [], [0], []]


def test_hidden_segments_are_followed_by_kernels_alone():
    """A later square covers the first whole: the segment has no pixel, which real results never have."""
    results = follow(*[frame(MUG_LEFT, BALL_RIGHT._replace(x=10, y=10))] * 2)
    assert ids(results[-1]) == [1, 2]


def test_no_more_is_remembered_than_the_memory_holds():
    """A new object every 0.1 s, remembered for 1 s: 11 of them at a time, by the weight of the tracker."""
    tracker = Tracker(TrackingConfig(memory=1.0))
    sizes = []
    for i in range(300):
        square = Square(MUG, axis=i // 2 % 16, x=i // 2 * 37 % 150, y=i // 2 * 53 % 110)
        tracker.update(frame(square), 0.1 * i)
        sizes.append(len(tracker._tracks))
    assert max(sizes[50:]) == max(sizes[:50]) <= 12


def test_no_more_than_256_hidden_objects_are_remembered_even_if_time_stands_still():
    """Each is seen twice and then never again. Those seen last are known by their kernels."""
    tracker = Tracker(TrackingConfig(overlap_weight=0.0, class_weight=0.0))

    def see(number):
        return ids(tracker.update(frame(Square(MUG, axis=number), width=400), 1.0))

    for number in range(300):
        see(number)
        assert see(number) == [number + 1]
    assert len(tracker._tracks) == 257
    assert see(299 - 200) == [100] and see(10) == [0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"smoothing": -0.1}, "smoothing must be"),
        ({"smoothing": 1.0}, "smoothing must be"),
        ({"smoothing": float("nan")}, "smoothing must be"),
        ({"memory": 0.0}, "memory must be"),
        ({"memory": float("nan")}, "memory must be"),
        ({"kernel_weight": -1.0}, "weights must not"),
        ({"kernel_weight": 0.0, "overlap_weight": 0.0, "class_weight": 0.0}, "weights must not"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        TrackingConfig(**wrong)


def test_updates_with_a_nan_of_the_network_do_not_break_the_tracker():
    """Half precision may overflow in one query; the next frame is followed again."""
    broken = frame(MUG_LEFT)
    broken.segment_features.kernels[:] = np.nan
    results = follow(frame(MUG_LEFT), frame(MUG_LEFT), broken, frame(MUG_LEFT), frame(MUG_LEFT))
    assert ids(results[1]) == [1] and ids(results[-1]) == [1]
