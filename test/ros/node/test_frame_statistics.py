import math

import pytest

from eovseg_ros.node.reporting import frame_statistics
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics, FrameTiming


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
    assert report.latency_p50_ms == pytest.approx(120)
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


def test_no_more_is_kept_than_the_last_five_seconds_of_frames(clock):
    """Eight a second: 41 moments from 5 s ago until now."""
    statistics = FrameStatistics()
    for i in range(600):
        clock.now = 100.0 + i / 8
        statistics.count_received(clock.now)
        statistics.count_published(FrameTiming(*[clock.now] * 5))
        statistics.count_drawn(clock.now, clock.now)
    kept = statistics._arrivals, statistics._timings, statistics._drawings
    assert [len(moments) for moments in kept] == [41, 41, 41]


def test_the_last_five_seconds_include_their_first_moment(clock):
    statistics = FrameStatistics()
    statistics.count_received(100.0)
    statistics.count_published(FrameTiming(100.0, 100.0, 100.0, 100.0, 100.0))
    statistics.count_drawn(99.5, 100.0)
    clock.now = 105.0
    report = statistics.report()
    assert (report.rate_in, report.rate_out, report.overlay_ms) == (0.2, 0.2, 500.0)
    clock.now = 105.01
    report = statistics.report()
    assert (report.rate_in, report.rate_out) == (0.0, 0.0) and math.isnan(report.overlay_ms)


def test_rates_are_those_since_the_start_before_five_seconds_have_passed(clock):
    statistics = FrameStatistics()
    clock.now = 102.0
    for moment in (100.5, 101.0, 101.5):
        statistics.count_received(moment)
    assert statistics.report().rate_in == 1.5


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
    assert math.isnan(report.latency_p50_ms)
    assert report.age == 20.0


def test_latency_percentiles_are_interpolated_between_neighbours(clock):
    """Of 10, 20, ... 100 ms: p50 is halfway from the 5th to the 6th, p90 9 * 0.9 = 8.1 steps up."""
    statistics = FrameStatistics()
    for i in range(10, 0, -1):  # in any order
        received = clock.now - i / 100
        statistics.count_published(FrameTiming(received, received, received, received, clock.now))
    report = statistics.report()
    found = (report.latency_p50_ms, report.latency_p90_ms, report.latency_p99_ms)
    assert found == pytest.approx((55.0, 91.0, 99.1))


def test_one_frame_is_every_percentile_and_none_is_no_number(clock):
    statistics = FrameStatistics()
    empty = statistics.report()
    assert all(math.isnan(v) for v in (empty.latency_p50_ms, empty.latency_p90_ms, empty.latency_p99_ms))
    statistics.count_published(FrameTiming(99.93, 99.93, 99.93, 99.93, 100.0))
    one = statistics.report()
    assert (one.latency_p50_ms, one.latency_p90_ms, one.latency_p99_ms) == pytest.approx((70.0, 70.0, 70.0))
