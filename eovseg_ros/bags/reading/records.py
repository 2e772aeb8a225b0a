"""What a bag consists of."""

from typing import NamedTuple


class Topic(NamedTuple):
    """A topic of a bag; definition is that of its type, empty if the bag has none."""

    name: str
    type_name: str  # "sensor_msgs/msg/Image"
    messages: int
    qos: str = ""  # offered profiles as YAML
    definition: str = ""
    encoding: str = "ros2msg"  # of the definition


class RawMessage(NamedTuple):
    """A message as it is in the bag, with the time when it was recorded, nanoseconds."""

    topic: str
    log_time: int
    data: bytes
