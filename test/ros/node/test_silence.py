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


def test_a_qos_that_does_not_fit_is_named():
    offered = QoSProfile(
        depth=1, reliability=ReliabilityPolicy.BEST_EFFORT, durability=DurabilityPolicy.VOLATILE
    )
    reason = why_silent(IMAGE, [publisher(qos=offered)], RELIABLE)
    assert reason.startswith("/cam/driver offers an incompatible QoS: ")
    assert "reliab" in reason.lower()
    assert "incompatible" not in why_silent(IMAGE, [publisher(qos=offered)], BEST_EFFORT)
