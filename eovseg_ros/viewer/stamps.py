"""Times of ROS."""

from typing import Any


def stamp_of(message: Any) -> int:
    """Return the stamp in the header of a message, nanoseconds."""
    stamp = message.header.stamp
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)
