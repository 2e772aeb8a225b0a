"""The messages as other packages see them."""

import subprocess
import sys
from pathlib import Path

import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import ColorRGBA

from eovseg_ros.msg import PanopticSegmentation, Segment, Vocabulary

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("folder", [ROOT, ROOT.parent], ids=["in the source folder", "elsewhere"])
def test_messages_and_modules_import_together(folder: Path) -> None:
    program = "import eovseg_ros.node.mailbox; from eovseg_ros.msg import PanopticSegmentation"
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)


def test_segment_has_the_documented_fields() -> None:
    assert Segment.get_fields_and_field_types() == {
        "id": "uint16",
        "track_id": "uint32",
        "class_id": "uint16",
        "label": "string",
        "is_thing": "boolean",
        "score": "float",
        "pixel_area": "uint32",
        "pixel_bbox": "sensor_msgs/RegionOfInterest",
        "pixel_centroid": "float[2]",
        "has_position": "boolean",
        "position": "geometry_msgs/Point",
        "box": "eovseg_ros/BoundingBox3D",
        "embedding": "sequence<float>",
    }


def test_panoptic_segmentation_survives_the_wire() -> None:
    message = PanopticSegmentation(vocabulary_version=3, height=480, width=640)
    message.header.frame_id = "camera_optical_frame"
    message.header.stamp.nanosec = 5
    segment = Segment(id=65535, track_id=2**32 - 1, class_id=7, label="Becher", is_thing=True, score=0.5)
    segment.pixel_bbox.width = 20
    segment.pixel_centroid = [10.25, 3.5]
    segment.has_position = True
    segment.position.z = 2.5
    segment.box.size.x = 0.125
    segment.embedding = [0.5, -0.25]
    message.segments = [segment]
    received = deserialize_message(serialize_message(message), PanopticSegmentation)
    assert str(received) == str(message)  # == compares an array of fixed size element by element


def test_vocabulary_survives_the_wire() -> None:
    message = Vocabulary(version=2, labels=["mug", "floor"], is_thing=[True, False])
    message.colors = [ColorRGBA(r=1.0, a=1.0), ColorRGBA(g=0.5, a=1.0)]
    assert deserialize_message(serialize_message(message), Vocabulary) == message
