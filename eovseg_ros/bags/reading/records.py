"""What a bag consists of."""

from typing import NamedTuple

_END_OF_TIME = 2**31 * 10**9  # ns; ROS has no later stamps


class Topic(NamedTuple):
    """A topic of a bag; definition is that of its type, empty if the bag has none."""

    name: str
    type_name: str  # "sensor_msgs/msg/Image"
    messages: int
    qos: str = ""  # offered profiles as YAML
    definition: str = ""
    encoding: str = "ros2msg"  # of the definition
    serialization: str = "cdr"  # of the messages


class RawMessage(NamedTuple):
    """A message as it is in the bag, with the time when it was recorded, nanoseconds."""

    topic: str
    log_time: int
    data: bytes


def check_time(time: int) -> int:
    """Return a time in nanoseconds. Raises ValueError for one that ROS does not have."""
    if not 0 <= time < _END_OF_TIME:
        raise ValueError(f"a message was recorded at {time} ns, which is no time of ROS")
    return time


def is_wanted(time: int, start: int | None, stop: int | None) -> bool:
    """Whether a time is from start until before stop; None is no bound."""
    return (start is None or time >= start) and (stop is None or time < stop)
