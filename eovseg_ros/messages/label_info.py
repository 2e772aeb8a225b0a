"""The names behind ~/semantic as vision_msgs/LabelInfo, where vision_msgs is installed."""

from collections.abc import Sequence
from typing import Any

from builtin_interfaces.msg import Time


def label_info_type() -> Any | None:
    """The message type, or None without vision_msgs."""
    try:
        from vision_msgs.msg import LabelInfo
    except ImportError:
        return None
    return LabelInfo


def label_info_message(stamp: Time, labels: Sequence[str]) -> Any:
    """Name every pixel value of ~/semantic: class index + 1."""
    from vision_msgs.msg import LabelInfo, VisionClass

    message = LabelInfo()
    message.header.stamp = stamp
    message.class_map = [VisionClass(class_id=i + 1, class_name=label) for i, label in enumerate(labels)]
    return message
