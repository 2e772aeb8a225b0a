"""Why no image arrives: of the function, and over DDS in test_node_silence."""

from types import SimpleNamespace

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from eovseg_ros.node.inputs.silence import why_silent

IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def publisher(kind=IMAGE, qos=RELIABLE, name="driver", namespace="/cam"):
    return SimpleNamespace(node_name=name, node_namespace=namespace, topic_type=kind, qos_profile=qos)


@pytest.mark.parametrize(
    ("expected", "publishers", "qos", "reason"),
    [
        (IMAGE, [], RELIABLE, "it has no publisher; start the camera, or remap 'image' to its topic"),
        (
            COMPRESSED,
            [],
            RELIABLE,
            "it has no publisher; start the camera, or remap 'image' to its topic, without /compressed",
        ),
        (
            IMAGE,
            [publisher(COMPRESSED)],
            RELIABLE,
            f"/cam/driver publishes {COMPRESSED}, not {IMAGE}; set image_transport:=compressed",
        ),
        (
            COMPRESSED,
            [publisher(IMAGE, namespace="/")],
            RELIABLE,
            f"/driver publishes {IMAGE}, not {COMPRESSED}; set image_transport:=raw",
        ),
        (
            IMAGE,
            [publisher("std_msgs/msg/String")],
            RELIABLE,
            f"/cam/driver publishes std_msgs/msg/String, not {IMAGE}; remap 'image' to a topic of images",
        ),
        (
            IMAGE,
            [publisher(), publisher(COMPRESSED, name="other")],
            RELIABLE,
            "/cam/driver (RELIABLE, VOLATILE) publishes nothing, or all of its images are lost; "
            f"/cam/other publishes {COMPRESSED}, not {IMAGE}; set image_transport:=compressed",
        ),
    ],
)
def test_reason_and_remedy(expected, publishers, qos, reason):
    assert why_silent(expected, publishers, qos) == reason


INFO = "sensor_msgs/msg/CameraInfo"


@pytest.mark.parametrize(
    ("expected", "name", "found", "reason"),
    [
        (IMAGE, "front/image", COMPRESSED, "set image_transport:=compressed"),
        (IMAGE, "front/image", INFO, "remap 'front/image' to a topic of images"),
        (IMAGE, "front/depth", COMPRESSED, "remap 'front/depth' to a topic of images"),
        (INFO, "front/camera_info", IMAGE, "remap 'front/camera_info' to a topic of messages"),
    ],
)
def test_the_remedy_names_the_topic_of_the_camera(expected, name, found, reason):
    told = why_silent(expected, [publisher(found)], RELIABLE, name)
    assert told == f"/cam/driver publishes {found}, not {expected}; {reason}"


def test_a_silent_publisher_of_another_type_loses_no_images():
    told = why_silent(INFO, [publisher(INFO)], RELIABLE, "camera_info")
    assert told == "/cam/driver (RELIABLE, VOLATILE) publishes nothing, or all of its messages are lost"
    missing = "it has no publisher; start the camera, or remap 'camera_info' to its topic"
    assert why_silent(INFO, [], RELIABLE, "camera_info") == missing


def test_a_qos_that_does_not_fit_is_named():
    offered = QoSProfile(
        depth=1, reliability=ReliabilityPolicy.BEST_EFFORT, durability=DurabilityPolicy.VOLATILE
    )
    reason = why_silent(IMAGE, [publisher(qos=offered)], RELIABLE)
    assert reason.startswith("/cam/driver offers an incompatible QoS: ")
    assert "reliab" in reason.lower()
    assert "incompatible" not in why_silent(IMAGE, [publisher(qos=offered)], BEST_EFFORT)
