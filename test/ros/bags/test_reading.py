"""Bags of all kinds as images."""

import cv2
import numpy as np
import pytest
from bag_files import (
    FIRST,
    PERIOD,
    camera_info,
    compressed,
    counting,
    image,
    numbered,
    write_bag,
)

from eovseg_ros.bags.errors import BagError, BrokenMessage, UsageError
from eovseg_ros.bags.message_types import encode_message
from eovseg_ros.bags.reading.bag import open_bag, slow_to_open
from eovseg_ros.bags.reading.cameras import check_topics, parse_cameras
from eovseg_ros.bags.reading.images import LATEST, DepthSettings, read_images
from eovseg_ros.bags.reading.selection import Selection
from eovseg_ros.messages import SpaceError, image_to_rgb

ONE = parse_cameras(["/image"])


def levels(path, cameras=ONE, depth=None, **selection):
    """The number of each picture."""
    with open_bag(path) as bag:
        images = read_images(bag, cameras, Selection(**selection), depth or DepthSettings())
        return [int(image_to_rgb(found.message)[0, 0, 0]) for found in images]


@pytest.mark.parametrize(
    ("storage", "compression"),
    [
        ("mcap", None),
        ("sqlite3", None),
        ("sqlite3", "file"),
        ("sqlite3", "message"),
        ("mcap", "file"),
        ("mcap", "message"),
        ("mcap", "storage"),
    ],
)
def test_all_storages_and_compressions_give_the_same_images(tmp_path, storage, compression):
    bag = write_bag(tmp_path / "bag", counting(4), storage=storage, compression=compression)
    assert levels(bag) == [0, 1, 2, 3]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_file_alone_is_a_bag(tmp_path, storage):
    bag = write_bag(tmp_path / "bag", counting(3), storage=storage)
    (file,) = [path for path in bag.iterdir() if path.suffix in (".mcap", ".db3")]
    assert levels(file) == [0, 1, 2]


def test_a_folder_without_metadata_is_read_by_its_files(tmp_path):
    bag = write_bag(tmp_path / "bag", counting(3))
    more = write_bag(tmp_path / "more", [(t, at + 10 * PERIOD, m) for t, at, m in counting(2)])
    (bag / "metadata.yaml").unlink()
    (more / "more.mcap").rename(bag / "bag_1.mcap")
    assert levels(bag) == [0, 1, 2, 0, 1]


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path):
    pictures = [
        ("/image", FIRST + i * PERIOD, image(numbered(i, (400, 400)), FIRST + i * PERIOD)) for i in range(9)
    ]
    file = write_bag(tmp_path / "bag", pictures) / "bag.mcap"  # a chunk for every three images
    file.write_bytes(file.read_bytes()[:2_500_000])
    with open_bag(file) as bag:
        images = read_images(bag, ONE, Selection(), DepthSettings())
        found = [int(image_to_rgb(next(images).message)[0, 0, 0]) for _ in range(3)]
        assert found == [0, 1, 2]
        with pytest.raises(BagError, match=r"bag.mcap breaks off after 0.2 s: its recorder did not"):
            list(images)


def test_several_topics_are_read_by_time_of_recording(tmp_path):
    rear = [("/rear/image_raw", at + PERIOD // 2, m) for _, at, m in counting(2)]
    messages = sorted(counting(2, "/front/image_raw") + rear, key=lambda entry: entry[1])
    bag = write_bag(tmp_path / "bag", messages)
    cameras = parse_cameras(["/rear/image_raw", "/front/image_raw"])
    with open_bag(bag) as opened:
        images = list(read_images(opened, cameras, Selection(), DepthSettings()))
    assert [(i.camera.name, i.log_time - FIRST) for i in images] == [
        ("front", 0),
        ("rear", PERIOD // 2),
        ("front", PERIOD),
        ("rear", 3 * PERIOD // 2),
    ]


def test_compressed_images_are_read(tmp_path):
    picture = np.full((24, 32, 3), (10, 200, 30), np.uint8)
    png = cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes()
    bag = write_bag(tmp_path / "bag", [("/image/compressed", FIRST, compressed(png, FIRST, "png"))])
    with open_bag(bag) as opened:
        (found,) = read_images(opened, parse_cameras(["/image/compressed"]), Selection(), DepthSettings())
        assert (image_to_rgb(found.message) == picture).all()


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"every": 4}, [0, 4, 8]),
        ({"rate": 5.0}, [0, 2, 4, 6, 8]),
        ({"rate": 4.0}, [0, 3, 5, 8]),  # due at 0, 0.25, 0.5 and 0.75 s
        ({"rate": 100.0}, list(range(10))),
        ({"start": 0.35}, [4, 5, 6, 7, 8, 9]),
        ({"end": 0.3}, [0, 1, 2]),
        ({"start": 0.2, "end": 0.7, "every": 2}, [2, 4, 6]),
        ({"limit": 3, "every": 2}, [0, 2, 4]),
        ({"start": 5.0}, []),
    ],
)
def test_a_selection(tmp_path, selection, expected):
    bag = write_bag(tmp_path / "bag", counting(10))
    assert levels(bag, **selection) == expected


def test_a_rate_keeps_to_a_camera_that_jitters(tmp_path):
    times = [0, 98, 201, 299, 402, 500, 599]  # ms
    messages = [("/image", FIRST + t * 10**6, image(numbered(i), FIRST)) for i, t in enumerate(times)]
    assert levels(write_bag(tmp_path / "bag", messages), rate=5.0) == [0, 2, 4, 6]


def test_a_rate_starts_anew_after_a_gap(tmp_path):
    times = [0, 100, 3000, 3100, 3200]
    messages = [("/image", FIRST + t * 10**6, image(numbered(i), FIRST)) for i, t in enumerate(times)]
    assert levels(write_bag(tmp_path / "bag", messages), rate=5.0) == [0, 2, 4]


def depth_of(metres, time):
    return image(np.full((24, 32), metres, np.float32), time, "32FC1")


DEPTH = parse_cameras(["/cam/image_raw"], ["/cam/depth"])


def spaces(path, **selection):
    """Metres of each image, or the reason why it has none."""
    found = []
    with open_bag(path) as bag:
        for each in read_images(bag, DEPTH, Selection(**selection), DepthSettings(tolerance=0.02)):
            try:
                found.append(float(each.space((24, 32)).depth[0, 0]))
            except SpaceError as error:
                found.append(str(error))
    return found


def test_depth_is_paired_by_stamp_also_if_it_was_recorded_later(tmp_path):
    messages = [("/cam/camera_info", FIRST, camera_info(FIRST))]
    for i in range(4):
        stamp = FIRST + i * PERIOD
        messages.append(("/cam/image_raw", stamp, image(numbered(i), stamp)))
        late = 150 * 10**6 * (i % 2)
        messages.append(("/cam/depth", stamp + late, depth_of(i + 1, stamp)))
    bag = write_bag(tmp_path / "bag", sorted(messages, key=lambda entry: entry[1]))
    assert spaces(bag) == [1.0, 2.0, 3.0, 4.0]


def test_a_calibration_from_before_the_start_is_used(tmp_path):
    messages = [("/cam/camera_info", FIRST, camera_info(FIRST))]
    for i in range(30):
        stamp = FIRST + i * PERIOD
        messages.append(("/cam/image_raw", stamp, image(numbered(i), stamp)))
        messages.append(("/cam/depth", stamp, depth_of(i + 1, stamp)))
    assert spaces(write_bag(tmp_path / "bag", messages), start=2.5, limit=2) == [26.0, 27.0]


def test_an_image_without_depth_says_why(tmp_path):
    later, last = FIRST + 10 * PERIOD, FIRST + 20 * PERIOD
    messages = [
        ("/cam/camera_info", FIRST, camera_info(FIRST)),
        ("/cam/image_raw", FIRST, image(numbered(0), FIRST)),
        ("/cam/image_raw", later, image(numbered(0), later)),
        ("/cam/depth", later + 1, depth_of(1, later + 50_000_000)),
        ("/cam/image_raw", last, image(numbered(0), last)),
        ("/cam/depth", last, ("sensor_msgs/msg/Image", encode_message(depth_of(1, last))[:-9])),
        ("/cam/depth", last, ("sensor_msgs/msg/Image", b"")),
    ]
    first, second, third = spaces(write_bag(tmp_path / "bag", messages))
    assert first == "no depth image on /cam/depth: the bag has none before the image or soon after it"
    assert "is 50 ms from the image, more than depth_tolerance (0.02 s)" in second
    assert "depth or camera_info cannot be read: " in third


def test_images_wait_for_depth_no_longer_than_half_a_second_of_recording(tmp_path):
    messages = [
        ("/cam/camera_info", FIRST, camera_info(FIRST)),
        ("/cam/depth", FIRST, depth_of(1, FIRST)),
        ("/cam/image_raw", FIRST, image(numbered(0), FIRST + 10**9)),
        ("/cam/image_raw", FIRST + LATEST + 1, image(numbered(1), FIRST + 2 * 10**9)),
        ("/cam/depth", FIRST + LATEST + 2, depth_of(2, FIRST + 10**9)),
    ]
    with open_bag(write_bag(tmp_path / "bag", messages)) as bag:
        found = next(iter(read_images(bag, DEPTH, Selection(), DepthSettings())))
        with pytest.raises(SpaceError):
            found.space((24, 32))


def test_images_that_wait_for_depth_when_a_bag_breaks_off_are_not_lost(tmp_path):
    messages = [("/cam/camera_info", FIRST, camera_info(FIRST))]
    for i in range(40):
        stamp = FIRST + i * PERIOD // 10
        messages.append(("/cam/image_raw", stamp, image(numbered(i), stamp)))
        messages.append(("/cam/depth", stamp, depth_of(i + 1, stamp)))
    file = write_bag(tmp_path / "bag", messages) / "bag.mcap"
    content = file.read_bytes()
    file.write_bytes(content[:-100])  # all messages are there, but not the end
    found = []
    with open_bag(file) as bag, pytest.raises(BagError, match="breaks off after 0.4 s"):
        for each in read_images(bag, DEPTH, Selection(), DepthSettings()):
            found.append(float(each.space((24, 32)).depth[0, 0]))  # noqa: PERF401  # until the error
    assert found == [i + 1 for i in range(40)]


def test_a_broken_message_is_an_error_of_its_own(tmp_path):
    good = encode_message(image(numbered(3), FIRST))
    broken = ("sensor_msgs/msg/Image", good[: len(good) // 2])
    messages = [("/image", FIRST, broken), ("/image", FIRST + PERIOD, image(numbered(1), FIRST))]
    with open_bag(write_bag(tmp_path / "bag", messages)) as bag:
        first, second = read_images(bag, ONE, Selection(), DepthSettings())
        with pytest.raises(BrokenMessage, match="bytes are no sensor_msgs/msg/Image"):
            _ = first.message
        assert image_to_rgb(second.message)[0, 0, 0] == 1


def test_a_file_without_a_whole_message_says_so(tmp_path):
    (tmp_path / "bag.mcap").write_bytes(b"\x89MCAP0\r\n" + bytes(100))
    with pytest.raises(BagError, match="the bag has no messages"), open_bag(tmp_path / "bag.mcap") as bag:
        check_topics(ONE, bag.topics)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_times_that_are_no_times_are_errors(tmp_path, storage):
    odd = [("/image", 2**31 * 10**9, image(numbered(1), FIRST))]
    bag = write_bag(tmp_path / "bag", counting(2) + odd, storage=storage)
    with open_bag(bag) as opened:
        images = read_images(opened, ONE, Selection(), DepthSettings())
        assert [next(images).log_time for _ in range(2)] == [FIRST, FIRST + PERIOD]
        with pytest.raises(BagError, match="recorded at 2147483648000000000 ns, which is no time of ROS"):
            next(images)


def test_missing_bags_and_empty_folders_are_errors(tmp_path):
    with pytest.raises(BagError, match="missing does not exist"):
        open_bag(tmp_path / "missing")
    with pytest.raises(BagError, match="neither metadata.yaml nor .mcap or .db3 files"):
        open_bag(tmp_path)


def test_a_bag_without_the_topic_says_which_it_has(tmp_path):
    with open_bag(write_bag(tmp_path / "bag", counting(1, "/other"))) as bag:
        with pytest.raises(BagError, match="no topic /image; topics of its type in the bag: /other"):
            check_topics(ONE, bag.topics)
        with pytest.raises(BagError, match="is a sensor_msgs/msg/Image, not a sensor_msgs/msg/CameraInfo"):
            check_topics(parse_cameras(["/other"], ["/other"], ["/other"]), bag.topics)


def test_names_of_cameras():
    assert [c.name for c in parse_cameras(["/image_raw"])] == [""]
    assert [c.name for c in parse_cameras(["/a ü/b", "/c-1/image"])] == ["a_b", "c_1"]  # as ROS has them
    names = parse_cameras(["left=/a/image", "/robot/right/image_rect_color/compressed"])
    assert [(c.name, c.image_topic) for c in names] == [
        ("left", "/a/image"),
        ("robot_right", "/robot/right/image_rect_color/compressed"),
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((["/a/image", "/a/image_raw"],), "two cameras are called a: name them"),
        ((["a-b=/a/image"],), "'a-b' cannot name a camera"),
        ((["ä=/a/image"],), "'ä' cannot name a camera"),
        ((["aä=/a/image"],), "'aä' cannot name a camera"),
        (([""],), "a topic is empty"),
        ((["a="],), "a topic is empty"),
        ((["/a"], [""]), "a topic is empty"),
        ((["/a/image", "/b/image"], ["/a/depth"]), "2 times --image-topic and 1 times --depth-topic"),
    ],
)
def test_topics_that_do_not_fit_together(arguments, reason):
    with pytest.raises(UsageError, match=reason):
        parse_cameras(*arguments)


def test_bags_that_are_unpacked_or_read_as_a_whole_are_slow_to_open(tmp_path):
    """Their images are not counted before they are labelled."""
    folders = {c: write_bag(tmp_path / str(c), counting(2), compression=c) for c in (None, "file", "message")}
    assert [slow_to_open(folder) for folder in folders.values()] == [False, True, False]
    whole = folders[None] / "None.mcap"
    assert not slow_to_open(whole)
    (folders[None] / "metadata.yaml").unlink()
    assert not slow_to_open(folders[None])
    whole.write_bytes(whole.read_bytes()[:-20])
    assert slow_to_open(whole) and slow_to_open(folders[None])
