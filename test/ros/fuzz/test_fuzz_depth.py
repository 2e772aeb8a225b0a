"""Any depth image and calibration gives an image a space that can be measured, or a SpaceError."""

import warnings
from types import SimpleNamespace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from eovseg_ros.messages import SpaceError, array_to_image
from eovseg_ros.node.space.depth_match import DepthMatch, SpaceSettings
from eovseg_ros.node.space.nearest_in_time import NearestInTime

bounded = settings(
    derandomize=True,
    deadline=None,
    max_examples=300,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
SHAPE = (12, 16)
LABELS = np.repeat([[1] * 8 + [2] * 8], 12, axis=0).astype(np.uint16)
SIZES = st.one_of(st.sampled_from((12, 16, 24, 32)), st.sampled_from((0, 1, 2, 2**31, 2**32 - 1)))
NUMBERS = st.one_of(st.floats(), st.sampled_from((0.0, 1.0, 20.0, -20.0, 1e-300, 1e300, 1e-30, 1e30)))
MODELS = st.sampled_from(("", "plumb_bob", "rational_polynomial", "equidistant", "x" * 10_000))
DEPTHS = st.one_of(st.floats(width=32), st.sampled_from((0.0, 1.0, 1.5, 2.0, 1e-30, 1e30)))
SOURCE = SimpleNamespace(topic="/topic", silence="")


def check(depth, info, rectified):
    depths, infos = NearestInTime(), NearestInTime()
    depths.add(Header(), depth)
    infos.add(Header(), info)
    settings = SpaceSettings(
        depth=SOURCE, camera_info=SOURCE, tolerance=lambda: 1e9, rectified=rectified, target=None
    )
    match = DepthMatch(Header(), depths.expect(Header()), infos.expect(Header()), settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            space = match.space(SHAPE)
        except SpaceError as error:
            assert 0 < len(str(error)) < 1000
            return
        for geometry in space.measure(LABELS).values():
            assert np.isfinite(geometry.position).all() and np.isfinite(geometry.box.size).all()
            assert np.isfinite(geometry.box.centre).all()


@given(
    SIZES,
    SIZES,
    st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.lists(NUMBERS, max_size=14),
    MODELS,
    st.tuples(SIZES, SIZES, SIZES, SIZES),
    st.tuples(SIZES, SIZES),
    st.booleans(),
)
@bounded
def test_any_calibration(width, height, numbers, d, model, roi, binning, rectified):
    fx, fy, cx, cy = numbers
    info = CameraInfo(width=width, height=height, d=d, distortion_model=model)
    info.k = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
    info.p = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    if roi[0] in (12, 16):
        info.roi = RegionOfInterest(x_offset=roi[0], y_offset=roi[1], width=roi[2], height=roi[3])
    if binning[0] in (12, 16):
        info.binning_x, info.binning_y = binning
    check(array_to_image(np.full(SHAPE, 1500, np.uint16), "16UC1", Header()), info, rectified)


@given(st.lists(NUMBERS, min_size=4, max_size=14), st.sampled_from(("plumb_bob", "rational_polynomial")))
@bounded
def test_any_distortion(d, model):
    info = CameraInfo(width=16, height=12, d=d, distortion_model=model)
    info.k = [20.0, 0.0, 7.5, 0.0, 20.0, 5.5, 0.0, 0.0, 1.0]
    check(array_to_image(np.full(SHAPE, 1500, np.uint16), "16UC1", Header()), info, False)


@given(st.lists(DEPTHS, min_size=1, max_size=24), st.booleans())
@bounded
def test_any_depth(values, big_endian):
    depth = np.resize(np.array(values, np.float32), SHAPE)
    message = array_to_image(depth, "32FC1", Header())
    message.is_bigendian = int(big_endian)
    info = CameraInfo(width=16, height=12, k=[20.0, 0.0, 7.5, 0.0, 20.0, 5.5, 0.0, 0.0, 1.0])
    check(message, info, False)


@given(SIZES, SIZES, st.one_of(st.none(), SIZES), st.binary(max_size=400), st.text(max_size=12))
@bounded
def test_any_depth_image(height, width, step, data, encoding):
    message = Image(height=height, width=width, encoding=encoding or "16UC1")
    message.step = 2 * width % 2**32 if step is None else step
    message.data = data
    info = CameraInfo(width=16, height=12, k=[20.0, 0.0, 7.5, 0.0, 20.0, 5.5, 0.0, 0.0, 1.0])
    check(message, info, False)
