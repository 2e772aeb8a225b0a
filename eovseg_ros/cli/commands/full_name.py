"""Names of nodes and topics that arguments give."""

from rclpy.exceptions import NameValidationException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.node import Node
from rclpy.validate_full_topic_name import validate_full_topic_name

from eovseg_ros.clients import ClientError


def full_name(node: Node, name: str, otherwise: str) -> str:
    """Return the name with the namespace of `node`. Raises ClientError(otherwise) if it is invalid."""
    try:
        full: str = expand_topic_name(name, node.get_name(), node.get_namespace())
        validate_full_topic_name(full)
        return full
    except (ValueError, NameValidationException) as error:
        raise ClientError(otherwise) from error
