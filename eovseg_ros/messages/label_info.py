"""The class names of ~/semantic as vision_msgs/LabelInfo, if vision_msgs is installed."""

from collections.abc import Sequence
from typing import Any

from builtin_interfaces.msg import Time


def label_info_type() -> Any | None:
    """Return the message type, or None if vision_msgs is not installed."""
    try:
        from vision_msgs.msg import LabelInfo
    except ImportError:
        return None
    return LabelInfo


def label_info_message(stamp: Time, labels: Sequence[str]) -> Any:
    """Return the name of every pixel value of ~/semantic, which is class index + 1."""
    from vision_msgs.msg import LabelInfo, VisionClass

    message = LabelInfo()
    message.header.stamp = stamp
    message.class_map = [VisionClass(class_id=i + 1, class_name=label) for i, label in enumerate(labels)]
    return message
