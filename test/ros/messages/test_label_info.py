"""vision_msgs is no dependency: a stand-in with its fields."""

import sys
from types import ModuleType, SimpleNamespace

from builtin_interfaces.msg import Time

from eovseg_ros.messages.label_info import label_info_message, label_info_type


class LabelInfo:
    def __init__(self):
        self.header = SimpleNamespace(stamp=None)
        self.class_map = []


def test_pixel_values_of_the_semantic_image_have_names(monkeypatch):
    module = ModuleType("vision_msgs.msg")
    module.LabelInfo = LabelInfo
    module.VisionClass = SimpleNamespace
    monkeypatch.setitem(sys.modules, "vision_msgs", ModuleType("vision_msgs"))
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", module)
    assert label_info_type() is LabelInfo
    message = label_info_message(Time(sec=7), ("mug", "floor"))
    assert message.header.stamp.sec == 7
    assert [(c.class_id, c.class_name) for c in message.class_map] == [(1, "mug"), (2, "floor")]


def test_without_vision_msgs_there_is_no_such_topic(monkeypatch):
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None)
    assert label_info_type() is None
