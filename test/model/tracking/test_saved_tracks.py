"""A tracker that is saved and restored continues as if it had not stopped."""

import io

import numpy as np
import pytest
from frames import BALL, CUBE, FLOOR, HEIGHT, MUG, WALL, WIDTH, Square, frame

from eovseg_model.tracking import Tracker
from eovseg_model.vocabulary import Vocabulary

OTHER_WORDS = Vocabulary.parse(["cup", "sphere", "box", "ground|stuff", "wall|stuff"])


def frames(count):
    """Objects that move, hide, come back and flicker in their names; other words from the middle on."""
    random = np.random.default_rng(5)
    made = []
    for i in range(count):
        squares = [Square(FLOOR, axis=9), Square(WALL, axis=10, x=30)]
        for axis, kind in enumerate((MUG, BALL, CUBE, MUG)):
            if random.random() < 0.7:
                x = int(10 + 30 * axis + i % 9) % (WIDTH - 10)
                y = int(random.integers(20, HEIGHT - 10))
                chance = float(random.uniform(0.3, 0.95))
                squares.append(Square(kind, axis, x, y, probability=chance, second=(kind + 1) % 3))
        words = {"vocabulary": OTHER_WORDS} if i > count // 2 else {}
        made.append(frame(*squares, **words))
    return made


def through_a_file(arrays):
    """As npz, without pickles."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file) as loaded:
        return dict(loaded)


@pytest.mark.parametrize("cut", [0, 1, 2, 17, 31, 32, 59])
def test_a_restored_tracker_continues_exactly(cut):
    sequence = frames(60)
    undisturbed = Tracker()
    expected = [undisturbed.update(result, i / 10) for i, result in enumerate(sequence)]
    first, second = Tracker(), Tracker()
    found = [first.update(result, i / 10) for i, result in enumerate(sequence[:cut])]
    second.restore(through_a_file(first.save()))
    found += [second.update(result, (i + cut) / 10) for i, result in enumerate(sequence[cut:])]
    assert found == expected
    assert {k: v.tolist() for k, v in second.save().items() if k != "rest"} == {
        k: v.tolist() for k, v in undisturbed.save().items() if k != "rest"
    }


def test_a_restored_tracker_forgets_what_it_knew():
    tracker = Tracker()
    for stamp in (0.0, 0.1):
        tracker.update(frame(Square(MUG, axis=0)), stamp)
    tracker.restore(Tracker().save())
    assert [s.track_id for s in tracker.update(frame(Square(MUG, axis=0)), 0.2)] == [0]


def test_an_object_without_a_cell_of_the_grid_is_kept():
    tracker, other = Tracker(), Tracker()
    tiny = frame(Square(MUG, axis=0), Square(BALL, axis=1))  # the second covers the first
    for stamp in (0.0, 0.1):
        tracker.update(tiny, stamp)
    other.restore(through_a_file(tracker.save()))
    assert other.update(tiny, 0.2) == tracker.update(tiny, 0.2)
