"""The space of an image: what is used, and what is refused in which words."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from eovseg_ros.messages import SpaceError, array_to_image
from eovseg_ros.node.space.depth_match import DepthMatch, SpaceSettings
from eovseg_ros.node.space.nearest_in_time import NearestInTime

K = [50.0, 0.0, 31.5, 0.0, 50.0, 23.5, 0.0, 0.0, 1.0]
P = [40.0, 0.0, 30.0, 0.0, 0.0, 40.0, 20.0, 0.0, 0.0, 0.0, 1.0, 0.0]
SHAPE = (48, 64)
REGISTER = (
    "register the depth to the colour image (RealSense: align_depth.enable:=true and the topic "
    "aligned_depth_to_color/image_raw)"
)


def header(milliseconds=1000, frame_id="camera"):
    stamp = Time(sec=milliseconds // 1000, nanosec=milliseconds % 1000 * 1_000_000)
    return Header(stamp=stamp, frame_id=frame_id)


def millimetres(shape=SHAPE, stamp=1000, frame_id="camera"):
    return array_to_image(np.full(shape, 1500, np.uint16), "16UC1", header(stamp, frame_id))


def info(**fields):
    return CameraInfo(**{"header": header(), "width": 64, "height": 48, "k": K, "p": P} | fields)


class Camera:
    """The topics of a camera; `space` is that of an image of 64x48 pixels at 1 s."""

    def __init__(self, *depths, infos=None):
        self.depth = SimpleNamespace(topic="/depth", silence="")
        self.camera_info = SimpleNamespace(topic="/camera_info", silence="")
        self.tolerance = 0.05
        self.depths, self.infos = NearestInTime(), NearestInTime()
        for depth in depths:
            self.depths.add(depth.header, depth)
        for message in [info()] if infos is None else infos:
            self.infos.add(message.header, message)

    def match(self, image, rectified=False, target=None):
        settings = SpaceSettings(
            depth=self.depth,
            camera_info=self.camera_info,
            tolerance=lambda: self.tolerance,
            rectified=rectified,
            target=target,
        )
        return DepthMatch(image, self.depths.expect(image), self.infos.expect(image), settings)

    def space(self, frame_id="camera", shape=SHAPE, **settings):
        return self.match(header(frame_id=frame_id), **settings).space(shape)

    def refusal(self, **settings):
        with pytest.raises(SpaceError) as error:
            self.space(**settings)
        return str(error.value)


def test_the_depth_is_a_view_of_the_message_and_the_frame_that_of_the_image():
    message = millimetres()
    space = Camera(message).space()
    assert np.shares_memory(space.depth, np.frombuffer(message.data, np.uint8))
    assert (space.depth.shape, space.depth.dtype) == (SHAPE, np.uint16) and (space.depth == 1500).all()
    assert space.frame_id == "camera" and space.target_from_camera is None
    assert (space.camera.width, space.camera.height, space.camera.k) == (64, 48, tuple(K))


@pytest.mark.parametrize(
    ("shape", "depth_shape"), [((480, 640), SHAPE), (SHAPE, (480, 640)), ((45, 60), SHAPE)]
)
def test_depth_and_calibration_may_have_another_resolution(shape, depth_shape):
    space = Camera(millimetres(depth_shape)).space(shape=shape)
    assert space.depth.shape == depth_shape
    panoptic = np.zeros(shape, np.uint16)
    panoptic[: shape[0] // 2] = 3
    x, y, z = space.measure(panoptic)[3].position
    # the middle of the upper half: -12 of 48 rows from the centre at a focal length of 50
    assert (x, y, z) == pytest.approx((0.0, -12 / 50 * 1.5, 1.5), abs=0.03)


@pytest.mark.parametrize("encoding", ["16UC1", "mono16"])
def test_millimetres_are_also_called_mono16(encoding):
    message = millimetres()
    message.encoding = encoding
    assert Camera(message).space().depth[0, 0] == 1500


@pytest.mark.parametrize(
    ("array", "encoding"),
    [(np.array([[1500, 0, 65535]], ">u2"), "16UC1"), (np.array([[1.5, np.nan, np.inf]], ">f4"), "32FC1")],
)
def test_big_endian_depth_with_rows_of_padding_is_read(array, encoding):
    shape = (2, 3)
    message = Image(header=header(), height=2, width=3, encoding=encoding, is_bigendian=1)
    message.step = 3 * array.itemsize + 2
    message.data.frombytes((array.tobytes() + b"\xff\xff") * 2)
    space = Camera(message, infos=[info(width=3, height=2)]).space(shape=shape)
    assert space.depth.dtype.isnative or sys.byteorder == "big"
    np.testing.assert_array_equal(space.depth, np.repeat(array, 2, axis=0))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_what_is_not_measured_counts_for_no_position(dtype):
    scale = 1000 if dtype == np.uint16 else 1
    depth = np.full(SHAPE, 2 * scale, dtype)
    depth[:20] = 0
    depth[20:30] = 65535 if dtype == np.uint16 else np.inf
    depth[30:40] = 0 if dtype == np.uint16 else np.nan
    message = array_to_image(depth, "16UC1" if dtype == np.uint16 else "32FC1", header())
    space = Camera(message).space()
    assert space.measure(np.ones(SHAPE, np.uint16))[1].position[2] == pytest.approx(2.0)
    empty = array_to_image(np.zeros(SHAPE, dtype), message.encoding, header())
    assert Camera(empty).space().measure(np.ones(SHAPE, np.uint16)) == {}


def test_a_rectified_image_has_the_camera_of_p():
    assert Camera(millimetres()).space(rectified=True).camera.k[:6] == (40.0, 0.0, 30.0, 0.0, 40.0, 20.0)


def test_the_camera_is_the_same_object_from_frame_to_frame():
    camera = Camera(millimetres(), infos=[info()])
    first = camera.space().camera
    later = info(header=header(1001))
    camera.infos.add(later.header, later)
    assert camera.space().camera is first


def test_the_calibration_is_that_of_the_time_of_the_image():
    old, new = info(header=header(900)), info(header=header(1100), k=[60.0, *K[1:]])
    camera = Camera(millimetres(), infos=[old])
    camera.depths.add(header(1090), millimetres(stamp=1090))
    match = camera.match(header(1090))
    assert match.space(SHAPE).camera.k[0] == 50.0
    camera.infos.add(new.header, new)  # arrives after the image
    assert match.space(SHAPE).camera.k[0] == 60.0
    assert camera.match(header(1050)).space(SHAPE).camera.k[0] == 60.0
    assert camera.space().camera.k[0] == 50.0  # 900 and 1100 are as far from 1000: the earlier one


def test_a_latched_calibration_may_be_of_any_age():
    assert Camera(millimetres(), infos=[info(header=Header())]).space().camera.k == tuple(K)
    assert Camera(millimetres(), infos=[info(header=header(900_000))]).space().camera.k == tuple(K)


def test_no_depth_image():
    camera = Camera()
    assert camera.refusal() == "no depth image on /depth: none has arrived yet"
    camera.depth.silence = "it has no publisher; start the camera"
    assert camera.refusal() == "no depth image on /depth: it has no publisher; start the camera"


def test_depth_that_arrives_after_the_image():
    camera = Camera()
    match = camera.match(header())
    camera.depths.add(header(), millimetres())
    assert match.space(SHAPE).depth[0, 0] == 1500


@pytest.mark.parametrize(
    ("stamp", "words"),
    [(1051, "51 ms"), (949, "51 ms"), (1999, "999 ms"), (2500, "1.5 s"), (3_601_000, "3600.0 s")],
)
def test_depth_that_is_too_far_in_time(stamp, words):
    assert Camera(millimetres(stamp=stamp)).refusal() == (
        f"the nearest depth image on /depth is {words} from the image, more than depth_tolerance (0.05 s); "
        "synchronise both cameras, or raise depth_tolerance"
    )


def test_the_tolerance_may_change_meanwhile():
    camera = Camera(millimetres(stamp=1050))
    assert camera.space()  # 50 ms are not more than 0.05 s
    camera.tolerance = 0.02
    assert "is 50 ms from the image, more than depth_tolerance (0.02 s)" in camera.refusal()
    camera.tolerance = 0.1
    assert camera.space()


def test_a_depth_camera_that_stopped_is_named_instead_of_the_time_since():
    camera = Camera(millimetres(stamp=900))
    camera.depth.silence = "/driver publishes nothing"
    assert camera.refusal() == "no depth image on /depth: /driver publishes nothing"
    recent = Camera(millimetres(stamp=1000))
    recent.depth.silence = "/driver publishes nothing"
    assert recent.space()


def test_depth_of_another_frame_must_be_registered():
    assert Camera(millimetres(frame_id="depth_optical")).refusal() == (
        f"depth is in frame 'depth_optical', the image in frame 'camera'; {REGISTER}"
    )
    assert Camera(millimetres(frame_id="")).refusal().startswith("depth is in frame '', the image in frame")
    long = Camera(millimetres(frame_id="x" * 100_000)).refusal()
    assert len(long) < 400


@pytest.mark.parametrize(("image", "depth"), [("/camera", "camera"), ("camera", "/camera"), ("", "")])
def test_a_leading_slash_makes_no_other_frame(image, depth):
    space = Camera(millimetres(frame_id=depth)).space(frame_id=image)
    assert space.frame_id == image


def test_depth_of_another_aspect_must_be_registered():
    assert Camera(millimetres((48, 85))).refusal() == (
        f"depth has 85x48 pixels, the image 64x48, another aspect; {REGISTER}"
    )


@pytest.mark.parametrize(
    "encoding", ["8UC1", "64FC1", "16SC1", "rgb8", "16uc1", "z16", "16UC1; compressedDepth"]
)
def test_other_encodings_are_named(encoding):
    message = millimetres()
    message.encoding = encoding
    assert Camera(message).refusal() == (
        f"depth on /depth has encoding '{encoding}'; publish 16UC1 (millimetres) or 32FC1 (metres)"
    )


def test_a_damaged_depth_image_is_refused():
    message = millimetres()
    message.data = message.data[:-2]
    assert Camera(message).refusal().startswith("cannot read the depth on /depth: the 64x48 16UC1 image")


def test_no_calibration():
    camera = Camera(millimetres(), infos=[])
    assert camera.refusal() == "no camera_info on /camera_info: none has arrived yet"
    camera.camera_info.silence = "it has no publisher"
    assert camera.refusal() == "no camera_info on /camera_info: it has no publisher"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"k": [0.0] * 9}, "the camera is not calibrated; calibrate it"),
        (
            {"d": [0.1] * 4, "distortion_model": "equidistant"},
            "rectify the images, for example with image_proc",
        ),
        ({"roi": RegionOfInterest(x_offset=60, width=64, height=48)}, "correct the driver's camera_info"),
    ],
)
def test_a_calibration_that_cannot_be_used(fields, reason):
    refusal = Camera(millimetres(), infos=[info(**fields)]).refusal()
    assert refusal.startswith("/camera_info cannot be used: ") and refusal.endswith(reason)


def test_a_calibration_of_another_image():
    assert Camera(millimetres(), infos=[info(width=85)]).refusal() == (
        "camera_info on /camera_info is of 85x48 pixels, the image has 64x48, another aspect; use the "
        "camera_info of this image"
    )


def test_sizes_that_differ_by_a_rounded_pixel_each_but_by_two_in_all():
    """measure_geometry compares the calibration with the smaller of image and depth."""
    camera = Camera(millimetres((480, 639)), infos=[info(width=641, height=480)])
    assert camera.refusal(shape=(480, 640)) == (
        "camera_info on /camera_info is of 641x480 pixels, the depth has 639x480, another aspect; use the "
        "camera_info of this image"
    )
    assert Camera(millimetres((480, 639)), infos=[info(width=640, height=480)]).space(shape=(480, 640))


class Target:
    """A target frame that is known at every time."""

    def __init__(self, frame_id):
        self.frame_id = frame_id
        self.headers = []

    def camera_in_target(self, header):
        self.headers.append(header)
        return np.diag([2.0, 2.0, 2.0, 1.0])


def test_positions_are_given_in_the_target_frame():
    target = Target("map")
    space = Camera(millimetres()).space(target=target)
    assert space.frame_id == "map" and space.target_from_camera.tolist() == np.diag([2, 2, 2, 1]).tolist()
    assert target.headers == [header()]


@pytest.mark.parametrize("frame_id", ["camera", "/camera"])
def test_the_cameras_own_frame_needs_no_transform(frame_id):
    target = Target("camera")
    space = Camera(millimetres()).space(frame_id=frame_id, target=target)
    assert space.frame_id == frame_id and space.target_from_camera is None and target.headers == []
