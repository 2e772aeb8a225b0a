"""Whose image is next: one slot for each camera, the longest waiting first."""

import threading
import time

import pytest

from eovseg_ros.node.cameras.waiting_images import WaitingImages


def test_the_newest_image_of_a_camera_replaces_an_older_one_and_is_counted():
    images = WaitingImages(["front", "rear"])
    for item in (1, 2, 3):
        images.put("front", item)
    images.put("rear", 4)
    assert images.take() == [("front", 3)]
    assert images.take() == [("rear", 4)]
    assert (images.replaced("front"), images.replaced("rear")) == (2, 0)


def test_the_camera_that_has_waited_longest_is_next_even_if_its_image_was_replaced():
    images = WaitingImages(["a", "b", "c"])
    images.put("c", 1)
    images.put("a", 2)
    images.put("b", 3)
    images.put("c", 4)  # keeps its place
    assert [images.take() for _ in range(3)] == [[("c", 4)], [("a", 2)], [("b", 3)]]


def test_cameras_of_different_rates_get_the_same_share_of_a_model_that_is_too_slow_for_each():
    """The quick one puts an image 10 times as often; the model takes one after each tick."""
    images = WaitingImages(["quick", "slow"])
    taken = {"quick": 0, "slow": 0}
    for tick in range(100):
        for _ in range(10):
            images.put("quick", tick)
        images.put("slow", tick)
        ((name, _),) = images.take()
        taken[name] += 1
    assert taken == {"quick": 50, "slow": 50}


def test_several_are_taken_at_once_in_the_order_of_their_waiting():
    images = WaitingImages(["a", "b", "c"])
    for name in ("b", "c", "a"):
        images.put(name, name.upper())
    assert images.take(most=2) == [("b", "B"), ("c", "C")]
    assert images.take(most=2) == [("a", "A")]  # without waiting for another one


def test_a_camera_has_to_wait_for_its_interval_and_holds_up_no_other():
    images = WaitingImages(["a", "b"])
    images.put("a", 1)
    assert images.take(interval=0.3) == [("a", 1)]
    start = time.monotonic()
    images.put("a", 2)
    images.put("b", 3)
    assert images.take(interval=0.3) == [("b", 3)]
    assert time.monotonic() - start < 0.2
    assert images.take(interval=0.3) == [("a", 2)]
    assert time.monotonic() - start >= 0.29


def test_what_comes_during_the_interval_replaces_what_waits():
    images = WaitingImages(["a"])
    images.put("a", 1)
    images.take(interval=0.2)
    images.put("a", 2)
    threading.Timer(0.05, images.put, ("a", 3)).start()
    assert images.take(interval=0.2) == [("a", 3)]


def test_take_waits_for_an_image():
    images = WaitingImages(["a"])
    threading.Timer(0.1, images.put, ("a", "picture")).start()
    assert images.take() == [("a", "picture")]


def test_a_nudge_lets_take_return_once_without_an_image():
    images = WaitingImages(["a"])
    images.put("a", 1)
    images.nudge()
    images.nudge()
    assert images.take() == []
    assert images.take() == [("a", 1)]


@pytest.mark.parametrize("end", ["nudge", "close"])
def test_a_wait_for_the_interval_can_be_ended(end):
    images = WaitingImages(["a"])
    images.put("a", 1)
    images.take(interval=60)
    images.put("a", 2)
    threading.Timer(0.1, getattr(images, end)).start()
    start = time.monotonic()
    assert images.take(interval=60) == []
    assert time.monotonic() - start < 5


def test_after_close_nothing_is_kept_and_nothing_blocks():
    images = WaitingImages(["a"])
    images.put("a", 1)
    images.close()
    images.put("a", 2)
    assert images.take() == [] and images.take() == []
