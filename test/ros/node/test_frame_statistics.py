import math

import pytest

from eovseg_ros.node import frame_statistics
from eovseg_ros.node.frame_statistics import FrameStatistics, FrameTiming


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(frame_statistics, "time", clock)
    return clock


def test_rates_and_medians_of_the_last_five_seconds(clock):
    statistics = FrameStatistics()
    for i in range(100):  # 10 Hz for 10 s, every other frame published
        clock.now = 100.0 + i / 10
        statistics.count_received(clock.now)
        if i % 2:
            # waits 10 ms, decodes in 5 ms, model takes 100 ms, publishing 5 ms
            moments = (clock.now, clock.now + 0.01, clock.now + 0.015, clock.now + 0.115, clock.now + 0.12)
            statistics.count_published(FrameTiming(*moments))
    clock.now = 110.0
    report = statistics.report()
    assert (report.received, report.published) == (100, 50)
    assert report.rate_in == pytest.approx(10, abs=0.3)
    assert report.rate_out == pytest.approx(5, abs=0.3)
    assert report.latency_ms == pytest.approx(120)
    assert report.model_ms == pytest.approx(100)
    assert report.waiting_ms == pytest.approx(10)
    assert report.ros_path_ms == pytest.approx(20)
    assert report.age == pytest.approx(0.1)


def test_the_time_of_drawing_is_forgotten_once_nobody_looks(clock):
    statistics = FrameStatistics()
    for milliseconds in (10, 20, 90):
        statistics.count_drawn(clock.now, clock.now + milliseconds / 1000)
    assert statistics.report().overlay_ms == pytest.approx(20)
    clock.now = 106.0
    assert math.isnan(statistics.report().overlay_ms)


def test_after_a_pause_rates_fall_to_zero_and_totals_stay(clock):
    statistics = FrameStatistics()
    statistics.count_received(100.0)
    statistics.count_published(FrameTiming(100.0, 100.0, 100.0, 100.1, 100.1))
    assert statistics.count_bad() == 1
    assert statistics.count_failed() == 1
    clock.now = 120.0
    report = statistics.report()
    assert (report.rate_in, report.rate_out) == (0.0, 0.0)
    assert (report.received, report.published, report.bad, report.failed) == (1, 1, 1, 1)
    assert math.isnan(report.latency_ms)
    assert report.age == 20.0
