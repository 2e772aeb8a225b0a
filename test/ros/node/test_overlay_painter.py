"""The painter's thread with a stand-in for drawing; the same over DDS in test_node_frames."""

import threading
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
            raise RuntimeError("out of paint")
        return rgb + 100


@pytest.fixture
def desk(monkeypatch):
    desk = Desk(monkeypatch)
    yield desk
    desk.gate.set()
    desk.painter.stop()


def test_a_hand_over_waits_only_while_the_one_before_is_drawn(desk):
    desk.painter.hand_over(frame(1))  # returns, though drawing waits
    assert desk.drawing.wait(10)
    second = threading.Thread(target=desk.painter.hand_over, args=(frame(2),))
    second.start()
    second.join(0.2)
    assert second.is_alive() and desk.publisher.published == []
    desk.gate.set()
    second.join(10)
    assert not second.is_alive()


def test_every_frame_comes_out_in_order_and_a_stop_waits_for_it(monkeypatch):
    desk = Desk(monkeypatch)
    threading.Timer(0.1, desk.gate.set).start()
    for number in range(5):
        desk.painter.hand_over(frame(number))
    desk.painter.stop()
    assert desk.publisher.published == [(str(number), number + 100) for number in range(5)]
    assert desk.statistics.report().overlay_ms >= 0


def test_a_picture_that_fails_is_counted_and_told_and_the_next_one_comes(desk):
    desk.gate.set()
    desk.painter.hand_over(frame(13))
    desk.painter.hand_over(frame(1))  # waits for the first
    assert "out of paint" in desk.errors[0]
    assert desk.statistics.report().failed == 1
    desk.painter.hand_over(frame(2))
    assert desk.painter.error == ""
    assert desk.publisher.published[0] == ("1", 101)


def test_what_fails_because_ctrl_c_took_the_publishers_away_is_no_error(desk):
    desk.publisher.usable = False
    desk.gate.set()
    desk.painter.hand_over(frame(13))
    desk.painter.hand_over(frame(1))
    assert desk.errors == [] and desk.statistics.report().failed == 0
