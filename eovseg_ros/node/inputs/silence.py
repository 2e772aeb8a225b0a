"""Reasons why no images arrive, from the ROS graph."""

from collections.abc import Sequence

from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo

_TRANSPORTS = {"sensor_msgs/msg/Image": "raw", "sensor_msgs/msg/CompressedImage": "compressed"}


def why_silent(expected_type: str, publishers: Sequence[TopicEndpointInfo], qos: QoSProfile) -> str:
    """Return why a subscription of this type and QoS receives no messages, and what to do."""
    if not publishers:
        without = "" if expected_type == "sensor_msgs/msg/Image" else ", without /compressed"
        return f"it has no publisher; start the camera, or remap 'image' to its topic{without}"
    return "; ".join(_why(publisher, expected_type, qos) for publisher in publishers)


def _why(publisher: TopicEndpointInfo, expected_type: str, qos: QoSProfile) -> str:
    name = f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"
    if publisher.topic_type != expected_type:
        transport = _TRANSPORTS.get(publisher.topic_type)
        remedy = f"set image_transport:={transport}" if transport else "remap 'image' to a topic of images"
        return f"{name} publishes {publisher.topic_type}, not {expected_type}; {remedy}"
    compatibility, reason = qos_check_compatible(publisher.qos_profile, qos)
    if compatibility == QoSCompatibility.ERROR:
        return f"{name} offers an incompatible QoS: {reason}"
    offer = f"{publisher.qos_profile.reliability.name}, {publisher.qos_profile.durability.name}"
    return f"{name} ({offer}) publishes nothing, or all of its images are lost"
