"""What is drawn, from messages made by hand."""

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, PointCloud2, PointField
from std_msgs.msg import ColorRGBA, Header

from eovseg_ros.messages import array_to_image, camera_model
from eovseg_ros.msg import CameraStatus, Segment, Vocabulary
from eovseg_ros.viewer import entities

pytestmark = pytest.mark.usefixtures("stand_in")


def segment(number, label, *, is_thing=True, track=0, at=None):
    message = Segment(id=number, label=label, is_thing=is_thing, track_id=track, score=0.875)
    box = message.pixel_bbox
    box.x_offset, box.y_offset, box.width, box.height = 10 * number, 20 * number, 3, 4
    if at:
        message.has_position = True
        centre, size = message.box.center, message.box.size
        centre.position.x, centre.position.y, centre.position.z = at
        centre.orientation.z, centre.orientation.w = 0.6, 0.8
        size.x, size.y, size.z = 0.1, 0.2, 0.3
    return message


def test_names_begin_with_void_and_have_the_colours_of_the_vocabulary():
    colours = [ColorRGBA(r=1.0, g=0.5, b=0.0, a=1.0), ColorRGBA(r=0.0, g=1.0, b=1.0, a=1.0)]
    context = entities.class_names(Vocabulary(labels=["cup", "floor"], colors=colours)).plain()["context"]
    assert [(one["id"], one["label"], one["color"]) for one in context] == [
        (0, "void", [0, 0, 0, 0]),
        (1, "cup", [255, 128, 0]),
        (2, "floor", [0, 255, 255]),
    ]


def test_things_have_boxes_and_stuff_has_none():
    segments = [segment(1, "cup", track=3), segment(2, "floor", is_thing=False), segment(4, "ball")]
    boxes = entities.boxes_in_image(segments).plain()
    assert boxes["mins"] == [[10, 20], [40, 80]] and boxes["sizes"] == [[3, 4], [3, 4]]
    assert boxes["labels"] == ["cup #3 88%", "ball 88%"]
    assert boxes["colors"][0] == [184, 40, 166]  # hue 3 x 0.618 mod 1, saturation 0.78, value 0.72
    empty = entities.boxes_in_image([]).plain()
    assert empty["mins"] == empty["labels"] == []


def test_boxes_in_space_are_those_of_things_with_a_position():
    segments = [segment(1, "cup", at=(1.0, 2.0, 3.0)), segment(2, "ball"), segment(3, "wall", is_thing=False)]
    boxes = entities.boxes_in_space(segments).plain()
    assert boxes["centers"] == [[1, 2, 3]] and boxes["sizes"] == [[0.1, 0.2, 0.3]]
    assert boxes["quaternions"] == [[0, 0, 0.6, 0.8]]  # x, y, z, w
    assert boxes["labels"] == ["cup"]


def test_a_cloud_has_the_colours_of_its_packed_field():
    message = PointCloud2(height=1, width=2, point_step=16, row_step=32)
    for offset, name in enumerate(("x", "y", "z", "rgb")):
        message.fields.append(PointField(name=name, offset=4 * offset, datatype=PointField.FLOAT32, count=1))
    points = np.array([[1, 2, 3, 0], [4, 5, 6, 0]], np.float32)
    points.view(np.uint32)[:, 3] = 0x00102030, 0x00FFFFFF
    message.data.frombytes(points.tobytes())
    cloud = entities.cloud(message).plain()
    assert cloud["positions"] == [[1, 2, 3], [4, 5, 6]]
    assert cloud["colors"] == [[0x10, 0x20, 0x30], [255, 255, 255]]
    message.data = message.data[:-1]
    with pytest.raises(ValueError, match="needs 32 bytes, but holds 31"):
        entities.cloud(message)


def test_the_principal_point_is_counted_from_the_corner_of_the_first_pixel():
    info = CameraInfo(width=640, height=480, k=[500.0, 0.0, 319.5, 0.0, 510.0, 239.5, 0.0, 0.0, 1.0])
    pinhole = entities.pinhole(camera_model(info, rectified=False)).plain()
    assert pinhole["image_from_camera"] == [[500, 0, 320], [0, 510, 240], [0, 0, 1]]
    assert pinhole["resolution"] == [640, 480] and pinhole["camera_xyz"]["name"] == "RDF"


def test_pictures_are_rgb_and_labels_keep_their_type():
    bgr = array_to_image(np.full((2, 3, 3), (1, 2, 3), np.uint8), "bgr8", Header())
    assert entities.picture(bgr).plain()["image"] == [[[3, 2, 1]] * 3] * 2
    for encoding, number in (("mono8", np.uint8), ("16UC1", np.uint16)):
        message = array_to_image(np.full((2, 3), 7, number), encoding, Header())
        drawn = entities.labels(message).values
        assert drawn["image"].dtype == number and 0 < drawn["opacity"] < 1


def test_series_have_a_name_for_each_number():
    status = CameraStatus(rate_in=30.0, rate_out=10.0, latency_p50=1.0, latency_p90=2.0, latency_p99=3.0)
    status.model_time = 0.5
    assert entities.rates(status).plain()["scalars"] == [30, 10]
    assert entities.latencies(status).plain()["scalars"] == [1, 2, 3, 0.5]
    assert (len(entities.RATES), len(entities.LATENCIES)) == (2, 4)
