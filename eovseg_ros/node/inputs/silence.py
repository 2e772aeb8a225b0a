"""Reasons why no messages arrive, from the ROS graph."""

from collections.abc import Sequence

from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo

_TRANSPORTS = {"sensor_msgs/msg/Image": "raw", "sensor_msgs/msg/CompressedImage": "compressed"}


def why_silent(
    expected_type: str, publishers: Sequence[TopicEndpointInfo], qos: QoSProfile, name: str = "image"
) -> str:
    """Return why a subscription of this type and QoS receives no messages, and what to do.

    `name` is what users remap: that of the topic, without /compressed.
    """
    if not publishers:
        without = ", without /compressed" if expected_type.endswith("/CompressedImage") else ""
        return f"it has no publisher; start the camera, or remap '{name}' to its topic{without}"
    return "; ".join(_why(publisher, expected_type, qos, name) for publisher in publishers)


def _why(publisher: TopicEndpointInfo, expected_type: str, qos: QoSProfile, name: str) -> str:
    node = f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"
    if publisher.topic_type != expected_type:
        remedy = _remedy(publisher.topic_type, expected_type, name)
        return f"{node} publishes {publisher.topic_type}, not {expected_type}; {remedy}"
    compatibility, reason = qos_check_compatible(publisher.qos_profile, qos)
    if compatibility == QoSCompatibility.ERROR:
        return f"{node} offers an incompatible QoS: {reason}"
    offer = f"{publisher.qos_profile.reliability.name}, {publisher.qos_profile.durability.name}"
    return f"{node} ({offer}) publishes nothing, or all of its {_things(expected_type)} are lost"


def _remedy(found_type: str, expected_type: str, name: str) -> str:
    is_colour = name.rpartition("/")[2] == "image"
    if is_colour and found_type in _TRANSPORTS:
        return f"set image_transport:={_TRANSPORTS[found_type]}"
    return f"remap '{name}' to a topic of {_things(expected_type)}"


def _things(expected_type: str) -> str:
    return "images" if expected_type in _TRANSPORTS else "messages"
