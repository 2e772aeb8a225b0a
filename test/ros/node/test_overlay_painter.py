"""The painter's thread with a stand-in for drawing; the same over DDS in test_node_frames."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from std_msgs.msg import Header

from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.node.outputs import overlay_painter
from eovseg_ros.node.outputs.overlay_painter import OverlayPainter
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics


def frame(number):
    rgb = np.full((2, 3, 3), number, np.uint8)
    return SegmentedFrame(Header(frame_id=str(number)), rgb, np.ones((2, 3), np.uint16), [], 1, 1)


class Publisher:
    usable = True

    def __init__(self):
        self.published = []

    def publish_overlay(self, picture, header):
        self.published.append((header.frame_id, int(picture[0, 0, 0])))


class Desk:
    """A painter, what it publishes and logs, and a gate that drawing waits at."""

    def __init__(self, monkeypatch):
        self.gate = threading.Event()
        self.drawing = threading.Event()
        self.publisher = Publisher()
        self.statistics = FrameStatistics()
        self.errors = []
        self.error = RuntimeError("out of paint")
        monkeypatch.setattr(overlay_painter, "draw_overlay", self._draw)
        self.painter = OverlayPainter(
            publisher=self.publisher,
            statistics=self.statistics,
            opacity=lambda: 0.5,
            logger=SimpleNamespace(error=lambda text, **_: self.errors.append(text)),
        )

    def _draw(self, rgb, panoptic, segments, *, opacity, regions):
        self.drawing.set()
        assert self.gate.wait(10)
        if rgb[0, 0, 0] == 13:
            raise self.error
        return rgb + 100


@pytest.fixture
def desk(monkeypatch):
    desk = Desk(monkeypatch)
    yield desk
    desk.gate.set()
    desk.painter.stop(10)


def wait(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_a_hand_over_returns_at_once_and_the_newest_frame_is_drawn(desk):
    desk.painter.hand_over(frame(1))
    assert desk.drawing.wait(10)
    for number in (2, 3, 4):
        desk.painter.hand_over(frame(number))  # returns, though drawing waits
    assert desk.publisher.published == []
    desk.gate.set()
    wait(lambda: len(desk.publisher.published) == 2)
    assert desk.publisher.published == [("1", 101), ("4", 104)]
    assert desk.painter.skipped == 2
    assert desk.statistics.report().drawn == 2


def test_a_stop_waits_for_the_frame_that_is_drawn_and_the_one_behind_it(monkeypatch):
    desk = Desk(monkeypatch)
    desk.painter.hand_over(frame(1))
    assert desk.drawing.wait(10)
    desk.painter.hand_over(frame(2))
    threading.Timer(0.1, desk.gate.set).start()
    assert desk.painter.stop(10)
    assert desk.publisher.published == [("1", 101), ("2", 102)]


def test_a_drawing_that_takes_longer_than_a_stop_is_dropped(monkeypatch):
    desk = Desk(monkeypatch)
    desk.painter.hand_over(frame(1))
    assert desk.drawing.wait(10)
    assert not desk.painter.stop(0.1)
    desk.gate.set()
    wait(lambda: not any(thread.name == "overlay painter" for thread in threading.enumerate()))
    assert desk.publisher.published == []


@pytest.mark.parametrize("error", [RuntimeError("out of paint"), MemoryError(), SystemExit(1)])
def test_a_picture_that_fails_is_counted_and_told_once_and_the_next_one_comes(desk, error):
    desk.gate.set()
    desk.error = error
    for count in (1, 2, 3):
        desk.painter.hand_over(frame(13))
        wait(lambda: desk.statistics.report().failed == count)  # noqa: B023
    assert desk.painter.error == f"overlay: {type(error).__name__}: {error}"
    assert len(desk.errors) == 1 and "Traceback" in desk.errors[0]
    desk.painter.hand_over(frame(2))
    wait(lambda: desk.publisher.published == [("2", 102)])
    wait(lambda: desk.painter.error == "")


def test_what_fails_because_ctrl_c_took_the_publishers_away_is_no_error(desk):
    desk.publisher.usable = False
    desk.gate.set()
    desk.painter.hand_over(frame(13))
    assert desk.painter.stop(10)
    assert desk.errors == [] and desk.statistics.report().failed == 0
