"""Lost images from stamps: of steady cameras only."""

import random

import pytest

from eovseg_ros.node.inputs.stamp_gaps import StampGaps

MS = 1_000_000


def gaps_of(stamps):
    gaps = StampGaps()
    for stamp in stamps:
        gaps.add(stamp)
    return gaps


def steady(number, period=33 * MS, jitter=0, start=10**18, seed=0):
    chance = random.Random(seed)
    return [start + i * period + chance.randint(-jitter, jitter) for i in range(number)]


@pytest.mark.parametrize("jitter", [0, 2 * MS])
def test_a_steady_camera_loses_nothing(jitter):
    gaps = gaps_of(steady(301, jitter=jitter))
    assert (gaps.lost, gaps.share, gaps.often_lost) == (0, 0.0, False)


@pytest.mark.parametrize("jitter", [0, 1 * MS])
@pytest.mark.parametrize("arriving", [0.9, 0.5, 0.2])
def test_what_is_missing_is_counted(arriving, jitter):
    chance = random.Random(1)
    stamps = [stamp for stamp in steady(3000, jitter=jitter) if chance.random() < arriving]
    gaps = gaps_of(stamps)
    last = stamps[(len(stamps) - 1) // 30 * 30]  # of the last whole window
    missing = sum(stamp <= last for stamp in steady(3000)) - (stamps.index(last) + 1)
    assert gaps.lost == pytest.approx(missing, rel=0.1, abs=2 * (arriving < 1))


@pytest.mark.parametrize("arriving", [0.5, 0.2])
def test_a_loss_that_stays_is_often(arriving):
    chance = random.Random(2)
    assert gaps_of([s for s in steady(1000) if chance.random() < arriving]).often_lost


def test_three_images_two_are_missing_after_the_tenth():
    stamps = steady(33)
    gaps = gaps_of(stamps[:10] + stamps[12:])
    assert gaps.lost == 2 and gaps.share == pytest.approx(2 / 32)


@pytest.mark.parametrize("again", [9, 8])
def test_a_stamp_that_does_not_rise_begins_anew(again):
    """Stamp 9 twice, or 8 after 9: the gap behind it is in a window that is not complete."""
    stamps = steady(33)
    assert gaps_of(stamps[:10] + [stamps[again]] + stamps[12:]).lost == 0


@pytest.mark.parametrize(("periods", "missing"), [((8, 9, 11), 250), ((9, 10, 12), 0)])
def test_nothing_is_counted_where_at_least_eight_images_are_missing_each_time(periods, missing):
    """Ten times 8 + 9 + 11 periods with an image at the end of each: 280 - 30. Beyond, any rate would fit."""
    stamps = [10**18]
    for number in periods * 10:
        stamps.append(stamps[-1] + number * 10 * MS)
    assert gaps_of(stamps).lost == missing


def test_a_camera_that_becomes_slower_is_not_often_losing():
    first = steady(100)
    gaps = StampGaps()
    for stamp in first + steady(100, 66 * MS, start=first[-1] + 66 * MS):
        gaps.add(stamp)
        assert not gaps.often_lost
    assert gaps.lost <= 30  # in the window of the change


@pytest.mark.parametrize("seed", range(20))
def test_a_camera_without_a_steady_rate_is_not_judged(seed):
    chance, stamps = random.Random(seed), [10**18]
    for _ in range(600):
        stamps.append(stamps[-1] + chance.randint(20 * MS, 120 * MS))
    assert gaps_of(stamps).lost == 0


def test_a_pause_a_clock_that_jumps_and_missing_stamps_are_no_loss():
    before = steady(45)
    after_pause = steady(45, start=before[-1] + 3600 * 10**9)
    back = steady(45, start=before[0] - 10**12)
    assert gaps_of(before + after_pause + back + [0] * 100).lost == 0
    short_pause = steady(45, start=before[-1] + 2 * 10**9)
    assert gaps_of(before + short_pause).lost == 0
