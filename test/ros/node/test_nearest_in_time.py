"""Which message is paired with an image: nearest by stamp, whatever the order in which they arrive."""

import gc
import itertools
import queue
import threading
import weakref
from types import SimpleNamespace

import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from eovseg_ros.node.space import nearest_in_time
from eovseg_ros.node.space.nearest_in_time import KEPT, NearestInTime


class Depth:
    """A message that can be referred to weakly."""

    def __init__(self, stamp):
        self.stamp = stamp


class Topic:
    """Messages and images by their stamps in milliseconds; one arrives each millisecond."""

    def __init__(self, monkeypatch):
        self.messages = NearestInTime()
        self.now = 0
        monkeypatch.setattr(nearest_in_time, "time", SimpleNamespace(monotonic_ns=self._tick))

    def _tick(self):
        self.now += 1_000_000
        return self.now

    def wait(self, milliseconds):
        self.now += milliseconds * 1_000_000

    def depth(self, *stamps):
        for stamp in stamps:
            self.messages.add(header(stamp), Depth(stamp))

    def image(self, stamp):
        return self.messages.expect(header(stamp))


def header(milliseconds):
    return Header(stamp=Time(sec=milliseconds // 1000, nanosec=milliseconds % 1000 * 1_000_000))


def pair(nearest):
    """Stamp and distance, in milliseconds."""
    message, distance = nearest.found
    return message.stamp, round(distance * 1000)


@pytest.fixture
def topic(monkeypatch):
    return Topic(monkeypatch)


def test_nothing_is_found_before_anything_arrives(topic):
    assert topic.image(5000).found is None


@pytest.mark.parametrize("order", itertools.permutations(["image", 4980, 5010, 5033]))
def test_the_nearest_is_found_in_any_order_of_arrival(topic, order):
    image = None
    for event in order:
        if event == "image":
            image = topic.image(5000)
        else:
            topic.depth(event)
    assert pair(image) == (5010, 10)


def test_equal_stamps_are_paired_exactly_over_a_second(topic):
    topic.depth(4900)
    assert pair(topic.image(5900)) == (4900, 1000)
    topic.depth(5900)
    image = topic.image(5900)
    topic.depth(5901, 5899)
    assert pair(image) == (5900, 0)


@pytest.mark.parametrize("order", [(4990, 5010), (5010, 4990)])
@pytest.mark.parametrize("late", [0, 1, 2])
def test_of_two_at_the_same_distance_the_earlier_one_is_found(topic, order, late):
    topic.depth(*order[late:])
    image = topic.image(5000)
    topic.depth(*order[:late])
    assert pair(image) == (4990, 10)


def test_of_two_with_the_same_stamp_the_later_arrival_is_found(topic):
    """A simulation that starts again repeats its stamps."""
    old, new = Depth(5000), Depth(5000)
    topic.messages.add(header(5000), old)
    image = topic.image(5000)
    assert image.found[0] is old
    topic.messages.add(header(5000), new)
    assert image.found[0] is new and topic.image(5000).found[0] is new


def test_depth_ten_times_faster_than_images(topic):
    topic.depth(*range(4000, 5000, 3))
    image = topic.image(5001)
    topic.depth(*range(5002, 5100, 3))
    assert pair(image) == (5002, 1)  # 4999 was at 2 ms


def test_depth_ten_times_slower_than_images(topic):
    topic.depth(5000)
    images = [topic.image(5000 + 33 * i) for i in range(10)]
    topic.depth(5330)
    expected = [(5000, 33 * i) for i in range(6)]  # 165 ms from both: the earlier one
    expected += [(5330, 330 - 33 * i) for i in range(6, 10)]
    assert [pair(image) for image in images] == expected


def test_stamps_that_jump_back_are_paired_among_themselves(topic):
    """A recording that starts again."""
    topic.depth(*range(60_000, 60_400, 33))
    waiting = topic.image(60_395)
    first = topic.image(10)
    assert pair(first)[1] > 59_000  # beyond any tolerance, until its own depth comes
    topic.depth(12)
    assert pair(first) == (12, 2) and pair(waiting) == (60_396, 1)
    for stamp in range(43, 2000, 33):
        image = topic.image(stamp)
        topic.depth(stamp)
        assert pair(image) == (stamp, 0)


def test_the_distance_is_exact_to_the_nanosecond(topic):
    topic.depth(4950)
    assert topic.image(5000).found[1] == 0.05  # as depth_tolerance may be


def test_an_image_may_arrive_after_the_next_seven_messages(topic):
    topic.depth(*range(5000, 5008))
    assert pair(topic.image(5000)) == (5000, 0)
    topic.depth(5008)
    assert pair(topic.image(5000)) == (5001, 1)


def test_messages_or_images_without_stamp_are_paired_by_arrival(topic):
    topic.depth(5000, 5033)
    topic.wait(20)
    image = topic.image(0)
    assert pair(image) == (5033, 21)
    topic.depth(5066)
    assert pair(image) == (5066, 1)
    topic.depth(5100)
    assert pair(image) == (5066, 1)
    topic.depth(0)
    topic.wait(10)
    stamped = topic.image(9000)
    assert pair(stamped) == (0, 11)  # 5100 is at 3900 ms by stamps
    topic.depth(9005)
    assert pair(stamped) == (9005, 5)


def test_memory_is_bounded_by_the_newest_messages_and_one_for_each_image_in_use(topic):
    alive = weakref.WeakSet()
    images = []
    for stamp in range(1000, 3000):
        message = Depth(stamp)
        alive.add(message)
        topic.messages.add(header(stamp), message)
        if stamp % 500 == 0:
            images.append(topic.image(stamp))
        topic.image(stamp)  # dropped at once
        assert len(topic.messages._expected) <= len(images) + 1
    del message
    gc.collect()
    assert [pair(image) for image in images] == [(1000, 0), (1500, 0), (2000, 0), (2500, 0)]
    assert sorted(m.stamp for m in alive) == [1000, 1500, 2000, 2500, *range(3000 - KEPT, 3000)]
    images.clear()
    gc.collect()
    assert len(alive) == KEPT


def test_other_threads_may_use_and_drop_images():
    topic, handed, found, errors = NearestInTime(), queue.Queue(), [], []

    def use():
        try:
            while (item := handed.get()) is not None:
                stamp, image = item
                found.append(image.found[0].stamp - stamp)
                del item, image
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for stamp in range(1, 3001):
        topic.add(header(stamp), Depth(stamp))
        handed.put((stamp, topic.expect(header(stamp))))
    for _ in threads:
        handed.put(None)
    for thread in threads:
        thread.join()
    assert errors == [] and found == [0] * 3000
