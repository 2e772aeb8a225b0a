import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from eovseg_model.drawing import name_colour
from eovseg_ros.messages.images import image_to_array
from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.messages.segments import panoptic_image, segments_message, semantic_image, vocabulary_message

HEADER = Header(stamp=Time(sec=12, nanosec=34), frame_id="camera_optical_frame")
PANOPTIC = np.array(
    [
        [0, 2, 2, 0],
        [0, 2, 2, 9],
        [1, 1, 1, 1],
    ],
    np.uint16,
)


def segment(number, class_id, label, is_thing, score=0.5, track_id=0):
    return SimpleNamespace(
        id=number, class_id=class_id, label=label, is_thing=is_thing, score=score, track_id=track_id
    )


def frame(panoptic=PANOPTIC, class_count=5):
    return SegmentedFrame(
        header=HEADER,
        rgb=np.zeros((*panoptic.shape, 3), np.uint8),
        panoptic=panoptic,
        segments=[
            segment(9, 4, "mug", True, 0.75, 2**32 - 1),
            segment(1, 0, "floor", False),
            segment(2, 3, "ball", True),
            segment(5, 3, "ball", True),  # covered by the others: no pixel
        ],
        vocabulary_version=7,
        class_count=class_count,
    )


def test_segments_of_a_hand_drawn_image():
    message = segments_message(frame())
    assert message.header == HEADER
    assert (message.vocabulary_version, message.height, message.width) == (7, 3, 4)
    assert [s.id for s in message.segments] == [1, 2, 9]
    floor, ball, mug = message.segments
    assert (floor.class_id, floor.label, floor.is_thing, floor.track_id) == (0, "floor", False, 0)
    assert (mug.class_id, mug.label, mug.is_thing, mug.score) == (4, "mug", True, 0.75)
    assert (mug.track_id, len(mug.embedding)) == (2**32 - 1, 0)
    assert (ball.pixel_area, ball.pixel_centroid.tolist()) == (4, [1.5, 0.5])
    box = ball.pixel_bbox
    assert (box.x_offset, box.y_offset, box.width, box.height, box.do_rectify) == (1, 0, 2, 2, False)


def test_embeddings_belong_to_their_segments():
    given = frame()
    rows = {s.id: np.array([s.id, -0.5, 1e-3], np.float32) for s in given.segments}
    segments = segments_message(dataclasses.replace(given, embeddings=rows)).segments
    assert [list(s.embedding) for s in segments] == [rows[s.id].tolist() for s in segments]
    assert [type(s.embedding[0]) for s in segments] == [float] * 3


def test_segments_lead_back_to_their_pixels():
    panoptic = image_to_array(panoptic_image(frame()))
    for s in segments_message(frame()).segments:
        rows = slice(s.pixel_bbox.y_offset, s.pixel_bbox.y_offset + s.pixel_bbox.height)
        columns = slice(s.pixel_bbox.x_offset, s.pixel_bbox.x_offset + s.pixel_bbox.width)
        assert (
            np.count_nonzero(panoptic[rows, columns] == s.id)
            == s.pixel_area
            == np.count_nonzero(panoptic == s.id)
        )


def test_the_panoptic_image_holds_the_ids():
    message = panoptic_image(frame())
    assert (message.header, message.encoding, message.step) == (HEADER, "16UC1", 8)
    np.testing.assert_array_equal(image_to_array(message), PANOPTIC)


@pytest.mark.parametrize(("class_count", "encoding"), [(5, "mono8"), (254, "mono8"), (255, "16UC1")])
def test_the_semantic_image_holds_class_index_plus_one(class_count, encoding):
    message = semantic_image(frame(class_count=class_count))
    assert (message.header, message.encoding) == (HEADER, encoding)
    np.testing.assert_array_equal(image_to_array(message), [[0, 4, 4, 0], [0, 4, 4, 5], [1, 1, 1, 1]])


def test_a_frame_without_segments():
    empty = SegmentedFrame(HEADER, np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3), np.uint16), [], 1, 5)
    assert segments_message(empty).segments == []
    assert not image_to_array(semantic_image(empty)).any()


def test_vocabulary():
    message = vocabulary_message(Time(sec=3), 2, ("mug,cup", "floor|stuff"), ("mug", "floor"), (True, False))
    assert (message.header.stamp.sec, message.header.frame_id) == (3, "")
    assert message.entries == ["mug,cup", "floor|stuff"]
    assert (message.version, message.labels, message.is_thing) == (2, ["mug", "floor"], [True, False])
    names = [name_colour("mug", is_thing=True), name_colour("floor", is_thing=False)]
    found = [[255 * m.r, 255 * m.g, 255 * m.b] for m in message.colors]
    np.testing.assert_allclose(found, names, atol=0.01)
    assert [m.a for m in message.colors] == [1.0, 1.0]
