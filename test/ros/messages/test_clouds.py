"""Clouds of frames of 4x3 pixels, by numpy and by sensor_msgs_py or, if that is missing, by a stand-in."""

import importlib.util
import re
import struct
import sys
from array import array
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import PointCloud2, PointField
from space_frames import CAMERA, HEADER, MAP_FROM_CAMERA, RGB, frame

from eovseg_model.geometry import CameraModel, GeometryError
from eovseg_ros.messages import points_message
from eovseg_ros.messages.space import clouds

PAGE = (Path(__file__).parents[3] / "docs/depth.md").read_text()
INSTALLED = importlib.util.find_spec("sensor_msgs_py") is not None
NAN, INFINITY = np.nan, np.inf
EVERYWHERE = np.full((3, 4), 2.0, np.float32)


def create_cloud(header, fields, points):
    """What sensor_msgs_py 5.3 (Jazzy) makes of a structured array."""
    sizes = {PointField.FLOAT32: "<f4", PointField.UINT16: "<u2", PointField.UINT32: "<u4"}
    layout = {
        "names": [field.name for field in fields],
        "formats": [sizes[field.datatype] for field in fields],
        "offsets": [field.offset for field in fields],
    }
    assert points.dtype == np.dtype(layout), "PointFields and structured NumPy array dtype do not match"
    if not len(points):
        raise TypeError("memoryview: cannot cast view with zeros in shape or strides")
    message = PointCloud2(
        header=header,
        height=1,
        width=len(points),
        is_dense=False,
        is_bigendian=sys.byteorder != "little",
        fields=fields,
        point_step=points.itemsize,
        row_step=points.itemsize * len(points),
    )
    message.data = array("B", points.tobytes())
    return message


@pytest.fixture(params=["numpy", "sensor_msgs_py" if INSTALLED else "stand-in for sensor_msgs_py"])
def cloud_of(request, monkeypatch):
    """points_message without and with sensor_msgs_py."""
    module = None
    if request.param != "numpy":
        module = ModuleType("sensor_msgs_py.point_cloud2")
        module.create_cloud = create_cloud
    if request.param != "sensor_msgs_py":
        monkeypatch.setitem(sys.modules, "sensor_msgs_py", module and ModuleType("sensor_msgs_py"))
        monkeypatch.setitem(sys.modules, "sensor_msgs_py.point_cloud2", module)
    clouds._installed_create_cloud.cache_clear()
    yield points_message
    clouds._installed_create_cloud.cache_clear()


def points_of(message):
    """x, y, z, rgb bits, label, instance and track of each point, by the field table of docs/depth.md."""
    return [
        struct.unpack("<fffIHHI", bytes(message.data[i : i + 24])) for i in range(0, len(message.data), 24)
    ]


def positions(message):
    return [point[:3] for point in points_of(message)]


def depth_at(values):
    """Depth of 0 with these values by (row, column)."""
    depth = np.zeros((3, 4), np.float32)
    for place, value in values.items():
        depth[place] = value
    return depth


def test_the_fields_are_those_of_the_docs(cloud_of):
    message = cloud_of(frame(EVERYWHERE), 1)
    assert [(f.name, f.offset, f.datatype, f.count) for f in message.fields] == [
        ("x", 0, PointField.FLOAT32, 1),
        ("y", 4, PointField.FLOAT32, 1),
        ("z", 8, PointField.FLOAT32, 1),
        ("rgb", 12, PointField.FLOAT32, 1),
        ("label", 16, PointField.UINT16, 1),
        ("instance", 18, PointField.UINT16, 1),
        ("track", 20, PointField.UINT32, 1),
    ]
    assert (message.height, message.width, message.point_step, message.row_step) == (1, 12, 24, 288)
    assert len(message.data) == 288
    assert message.is_dense and not message.is_bigendian
    assert message.header == HEADER
    assert deserialize_message(serialize_message(message), PointCloud2) == message
    rows = re.findall(r"^\| (`.+`) \| (\w+) \| ([\d, ]+) \|", PAGE, re.MULTILINE)
    listed = [
        (name, int(offset), getattr(PointField, kind), 1)
        for names, kind, offsets in rows
        for name, offset in zip(re.findall(r"\w+", names), offsets.split(","), strict=True)
    ]
    assert listed == [(f.name, f.offset, f.datatype, f.count) for f in message.fields]


def test_the_example_of_the_docs():
    (example,) = (code for code in re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL) if "POINT" in code)
    message = points_message(frame(depth_at({(0, 0): 2.0, (1, 1): 3.0, (2, 2): 4.0})), 1)
    found = {"message": message}
    exec(example, found)
    assert found["xyz"].tolist() == [[-1, -1, 2], [0, 0, 3], [2, 2, 4]]
    assert (255 * found["colours"]).tolist() == [RGB[0, 0].tolist(), RGB[1, 1].tolist(), RGB[2, 2].tolist()]
    assert found["points"]["label"].tolist() == [0, 300, 5]
    assert found["of_track_7"].tolist() == [[0, 0, 3]]


def test_points_are_where_the_depth_is(cloud_of):
    message = cloud_of(frame(depth_at({(0, 0): 2.0, (1, 1): 3.0, (1, 3): 0.5, (2, 2): 4.0})), 1)
    assert positions(message) == [(-1, -1, 2), (0, 0, 3), (0.5, 0, 0.5), (2, 2, 4)]


def test_points_have_the_names_of_their_segments(cloud_of):
    message = cloud_of(frame(depth_at({(0, 0): 1.0, (1, 1): 1.0, (1, 3): 1.0, (2, 2): 1.0})), 1)
    assert [point[4:] for point in points_of(message)] == [
        (0, 0, 0),
        (300, 2, 7),
        (1, 9, 2**32 - 1),
        (5, 1, 1),
    ]


def test_points_have_the_colour_of_the_image(cloud_of):
    message = cloud_of(frame(depth_at({(0, 1): 1.0, (2, 3): 1.0})), 1)
    assert RGB[0, 1].tolist() == [3, 4, 5] and RGB[2, 3].tolist() == [33, 34, 35]
    assert [point[3] for point in points_of(message)] == [0x00030405, 0x00212223]


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_a_stride_takes_every_nth_row_and_column(cloud_of, stride):
    xs, ys = [-0.5, 0.0, 0.5, 1.0][::stride], [-0.5, 0.0, 0.5][::stride]
    message = cloud_of(frame(EVERYWHERE), stride)
    assert positions(message) == [(2 * x, 2 * y, 2.0) for y in ys for x in xs]
    first = RGB[::stride, ::stride].reshape(-1, 3).tolist()
    assert [point[3] for point in points_of(message)] == [r << 16 | g << 8 | b for r, g, b in first]
    ids = frame(EVERYWHERE).panoptic[::stride, ::stride].ravel().tolist()
    assert [point[5] for point in points_of(message)] == ids


@pytest.mark.parametrize("depth", [0.0, -1.0, NAN, INFINITY, -INFINITY])
def test_invalid_depth_has_no_point(cloud_of, depth):
    message = cloud_of(frame(depth_at({(0, 0): depth, (1, 0): 2.0, (1, 1): depth})), 1)
    assert positions(message) == [(-1, 0, 2)]


def test_millimetres(cloud_of):
    depth = np.array([[0, 65535, 0, 0], [0, 2500, 0, 65534], [0, 0, 0, 0]], np.uint16)
    expected = [(0, 0, 2.5), (65.534, 0, 65.534)]
    np.testing.assert_allclose(positions(cloud_of(frame(depth), 1)), expected, rtol=1e-6)


def test_a_cloud_without_points(cloud_of):
    message = cloud_of(frame(depth_at({})), 1)
    assert (message.height, message.width, message.row_step, len(message.data)) == (1, 0, 0, 0)
    assert (message.point_step, len(message.fields), message.is_dense) == (24, 7, True)


def test_a_frame_without_segments_is_void(cloud_of):
    message = cloud_of(frame(depth_at({(1, 1): 1.0, (1, 2): 1.0}), segments=[]), 1)
    assert [point[4:] for point in points_of(message)] == [(0, 0, 0), (0, 0, 0)]


def test_finer_depth_is_taken_at_the_nearest_pixel(cloud_of):
    depth = np.zeros((9, 12), np.float32)
    depth[1::3, 1::3] = 2.0  # the middle pixel of the nine that an image pixel covers
    assert positions(cloud_of(frame(depth), 1)) == positions(cloud_of(frame(EVERYWHERE), 1))
    assert positions(cloud_of(frame(depth), 2)) == positions(cloud_of(frame(EVERYWHERE), 2))


def test_coarser_depth_is_taken_at_the_nearest_pixel(cloud_of):
    depth = np.array(
        [[1.0, 3.0]], np.float32
    )  # left and right half; the aspect is up to the rounding of a side
    halves = np.array([[1.0, 1.0, 3.0, 3.0]] * 3, np.float32)
    assert positions(cloud_of(frame(depth), 1)) == positions(cloud_of(frame(halves), 1))


def test_calibration_at_another_resolution(cloud_of):
    # Pixel centres: column u of the image is at 2 u + 0.5 of this one.
    doubled = CameraModel(width=8, height=6, k=(4, 0, 2.5, 0, 4, 2.5, 0, 0, 1))
    found = positions(cloud_of(frame(EVERYWHERE, camera=doubled), 1))
    assert found == positions(cloud_of(frame(EVERYWHERE), 1))


def test_calibration_of_another_aspect_is_refused(cloud_of):
    camera = CameraModel(width=400, height=400, k=(2, 0, 1, 0, 2, 1, 0, 0, 1))
    with pytest.raises(GeometryError, match="another aspect"):
        cloud_of(frame(EVERYWHERE, camera=camera), 1)


def test_pixels_that_the_distortion_does_not_reach_have_no_point(cloud_of):
    # The lens takes radius r to r - r^3, at most 0.385: only the middle pixel is nearer to the axis.
    camera = CameraModel(width=4, height=3, k=CAMERA.k, d=(-1, 0, 0, 0), distortion_model="plumb_bob")
    assert positions(cloud_of(frame(EVERYWHERE, camera=camera), 1)) == [(0, 0, 2)]


@pytest.mark.parametrize("stride", [1, 2])
def test_points_in_the_target_frame(cloud_of, stride):
    message = cloud_of(frame(EVERYWHERE, frame_id="map", target=MAP_FROM_CAMERA), stride)
    assert (message.header.frame_id, message.header.stamp) == ("map", HEADER.stamp)
    in_camera = positions(cloud_of(frame(EVERYWHERE), stride))
    assert positions(message) == [(10 + z, 20 - x, 30 - y) for x, y, z in in_camera]


@pytest.mark.parametrize("band", [3, 4, 9], ids=["less than a row", "a row", "two rows"])
def test_large_images_are_computed_in_bands(cloud_of, monkeypatch, band):
    monkeypatch.setattr("eovseg_ros.messages.space.labelled_points._BAND", band)
    in_bands = cloud_of(frame(EVERYWHERE), 1)
    monkeypatch.undo()
    assert in_bands == points_message(frame(EVERYWHERE), 1)
