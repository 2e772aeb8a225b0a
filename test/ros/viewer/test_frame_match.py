"""Images and results are joined by stamp, in any order, and few are kept."""

from sensor_msgs.msg import Image

from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.viewer.camera.frame_match import FrameMatch
from eovseg_ros.viewer.stamps import stamp_of


def at(message_type, stamp, size=0):
    message = message_type()
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
    if size:
        message.data.frombytes(bytes(size))
    return message


def summary(frames):
    """(stamp, stamp of the image or None) of each."""
    stamps = []
    for frame in frames:
        assert frame.segments.header.stamp == frame.semantic.header.stamp
        image = frame.image.header.stamp.nanosec if frame.image else None
        stamps.append((frame.segments.header.stamp.nanosec, image))
    return stamps


def add(match, kinds, stamp):
    frames = []
    for kind in kinds:
        if kind == "i":
            frames += match.add_image(at(Image, stamp))
        elif kind == "s":
            frames += match.add_segments(at(PanopticSegmentation, stamp))
        else:
            frames += match.add_semantic(at(Image, stamp))
    return summary(frames)


def test_three_messages_of_a_stamp_are_a_frame_in_any_order():
    for order in ("isl", "ils", "sil", "lis", "sli", "lsi"):
        assert add(FrameMatch(), order, 5) == [(5, 5)], order


def test_results_take_the_image_that_they_are_of():
    match = FrameMatch()
    for stamp in (1, 2, 3, 4):
        assert add(match, "i", stamp) == []
    assert add(match, "sl", 2) == [(2, 2)]
    assert add(match, "sl", 4) == [(4, 4)]


def test_results_wait_for_their_image_until_the_next_results():
    match = FrameMatch()
    assert add(match, "sl", 1) == []
    assert add(match, "i", 2) == []
    assert add(match, "sl", 2) == [(1, None), (2, 2)]
    assert add(match, "i", 1) == []
    assert add(match, "sl", 3) == []
    assert add(match, "sl", 4) == [(3, None)]
    assert add(match, "i", 4) == [(4, 4)]


def test_half_of_a_result_is_dropped_in_time():
    match = FrameMatch()
    for stamp in range(1, 7):
        assert add(match, "s", stamp) == []
    assert add(match, "l", 2) == []  # the segments of 1 and 2 are gone
    assert add(match, "il", 3) == [(3, 3)]


def test_memory_is_bounded_in_images_and_in_bytes():
    match = FrameMatch()
    for stamp in range(1, 101):
        match.add_image(at(Image, stamp))
    assert add(match, "sl", 36) == [] and add(match, "sl", 37) == [(36, None), (37, 37)]  # 64 are kept

    match = FrameMatch()
    for stamp in range(1, 8):
        match.add_image(at(Image, stamp, size=30_000_000))
    assert add(match, "sl", 4) == [] and add(match, "sl", 5) == [(4, None), (5, 5)]  # three fit into 100 MB
    match.add_image(at(Image, 8, size=200_000_000))
    assert add(match, "sl", 8) == [(8, 8)]  # the newest is kept, however large


def test_two_large_images_do_not_stay_both():
    match = FrameMatch()
    for stamp in (1, 2):
        match.add_image(at(Image, stamp, size=60_000_000))
    assert add(match, "sl", 1) == []  # its image is gone
    assert add(match, "sl", 2) == [(1, None), (2, 2)]


def test_seconds_and_nanoseconds_make_a_stamp():
    match = FrameMatch()
    match.add_image(at(Image, 2 * 10**9 + 5))
    assert add(match, "sl", 10**9 + 5) == []
    frames = match.add_segments(at(PanopticSegmentation, 2 * 10**9 + 5))
    frames += match.add_semantic(at(Image, 2 * 10**9 + 5))
    assert [stamp_of(frame.segments) for frame in frames] == [1_000_000_005, 2_000_000_005]
    assert stamp_of(frames[1].image) == 2_000_000_005


def test_images_of_one_stamp_count_once():
    match = FrameMatch()
    for _ in range(10):
        match.add_image(at(Image, 1, size=30_000_000))
    match.add_image(at(Image, 2, size=30_000_000))
    assert add(match, "sl", 1) == [(1, 1)]


def test_a_clock_that_starts_again_is_followed():
    match = FrameMatch()
    assert add(match, "isl", 900) == [(900, 900)]
    for stamp in (1, 2, 3):
        assert add(match, "isl", stamp) == [(stamp, stamp)]
