"""Which images are taken, without bags."""

import pytest

from eovseg_ros.bags.reading.selection import Choice, Selection

MS = 10**6


def taken(times, **selection):
    """The times (ms) of the images that are taken."""
    choice = Choice(Selection(**selection))
    return [time for time in times if choice.takes(time * MS)]


def steady(count, period=100):
    return [i * period for i in range(count)]


def test_all_images_are_taken_by_default():
    assert taken(steady(5)) == steady(5)


def test_every_third_beginning_with_the_first():
    assert taken(steady(8), every=3) == [0, 300, 600]


def test_a_rate_is_kept_in_the_mean():
    assert taken(steady(11), rate=4.0) == [0, 300, 500, 800, 1000]  # due at 0, 250, 500, 750 and 1000


def test_an_image_may_come_a_tenth_of_a_period_early():
    assert taken([0, 180, 200], rate=5.0) == [0, 180]
    assert taken([0, 179, 200], rate=5.0) == [0, 200]


def test_early_images_do_not_raise_the_rate():
    assert taken([0, 190, 380, 570, 760, 950, 1140], rate=5.0) == [0, 190, 380, 760, 950, 1140]


def test_a_rate_starts_anew_after_a_gap():
    assert taken([0, 100, 5050, 5150, 5250], rate=5.0) == [0, 5050, 5250]


def test_of_every_second_image_those_that_are_due():
    assert taken(steady(9), every=2, rate=3.0) == [0, 400, 800]  # due at 0, 333 and 667


def test_a_limit_counts_what_is_taken():
    assert taken(steady(9), every=2, limit=2) == [0, 200]
    choice = Choice(Selection(limit=1))
    assert not choice.full
    choice.takes(0)
    assert choice.full and not Choice(Selection()).full


def test_bounds_are_nanoseconds_of_recording():
    assert Selection().bounds(5) == (None, None)
    assert Selection(start=0.5, end=2.0).bounds(10**9) == (1_500_000_000, 3_000_000_000)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, 100),
        ({"every": 3}, 34),
        ({"rate": 4.0}, 40),
        ({"rate": 50.0}, 100),
        ({"limit": 7}, 7),
        ({"limit": 700}, 100),
        ({"start": 2.5}, 75),
        ({"end": 4.0}, 40),
        ({"start": 2.0, "end": 5.0}, 30),
        ({"start": 2.0, "end": 99.0}, 80),
        ({"start": 20.0}, 0),
        ({"start": 5.0, "rate": 2.0, "limit": 9}, 9),
        ({"start": 5.0, "rate": 2.0}, 10),
    ],
)
def test_the_estimate_for_100_images_in_10_seconds(selection, expected):
    assert Selection(**selection).estimate(100, 10.0) == expected


def test_the_estimate_for_a_bag_of_one_moment():
    assert Selection(start=1.0, rate=5.0).estimate(3, 0.0) == 3
