"""Where the node listens for images, by what is remapped."""

import re
import time
from types import SimpleNamespace

import cv2
import pytest
import rclpy
from graph import squares, stamp_of
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage

from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.node.inputs import image_input
from eovseg_ros.node.inputs.image_input import ImageInput

BASE = "image:=/cam/image_raw"


def topic_with(transport, remappings):
    """The topic that a node listens to."""
    context = Context()
    rclpy.init(args=["--ros-args", *(word for rule in remappings for word in ("-r", rule))], context=context)
    node = Node("eovseg", context=context)
    image_input = ImageInput(node, transport=transport, on_image=lambda message, moment: None)
    try:
        (subscription,) = (s for s in node.subscriptions if "Image" in s.msg_type.__name__)
        assert image_input.topic == subscription.topic_name
        return image_input.topic
    finally:
        image_input.close()
        node.destroy_node()
        context.shutdown()


@pytest.mark.parametrize(
    ("remappings", "topic"),
    [
        ([], "/image/compressed"),
        ([BASE], "/cam/image_raw/compressed"),
        (["image:=cam"], "/cam/compressed"),
        (["image:=~/in"], "/eovseg/in/compressed"),
        ([BASE, "__ns:=/left"], "/cam/image_raw/compressed"),
        (["__ns:=/left"], "/left/image/compressed"),
        (["image/compressed:=/jpeg"], "/jpeg"),
        ([BASE, "image/compressed:=/jpeg"], "/jpeg"),
        ([BASE, "image/compressed:=/jpeg", "jpeg:=/other"], "/jpeg"),  # a name is remapped once
        ([BASE, "/cam/image_raw/compressed:=/jpeg"], "/jpeg"),
        ([BASE, "image/compressed:=/cam/image_raw/compressed"], "/cam/image_raw/compressed"),
    ],
)
def test_compressed_images_are_looked_for_below_the_remapped_topic(remappings, topic):
    assert topic_with("compressed", remappings) == topic


@pytest.mark.parametrize(
    ("remappings", "topic"),
    [([], "/image"), ([BASE], "/cam/image_raw"), (["image/compressed:=/jpeg"], "/image")],
)
def test_raw_images_come_from_the_remapped_topic(remappings, topic):
    assert topic_with("raw", remappings) == topic


def test_a_compressed_image_below_the_remapped_topic_is_segmented(graph, start):
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    node = start(
        "fake_node", parameters={"image_transport": "compressed"}, remappings={"image": "/cam/image_raw"}
    )
    node.wait_for_log("segmenting /cam/image_raw/compressed", 20)
    publisher = graph.node.create_publisher(CompressedImage, "/cam/image_raw/compressed", 1)
    graph.wait_for_subscribers(publisher)
    message = CompressedImage(header=graph.picture(squares((1, 0))).header, format="png")
    message.data = cv2.imencode(".png", squares((1, 0))[:, :, ::-1])[1].tobytes()

    def published():
        publisher.publish(message)  # again: the subscription is made anew as it learns the publisher's QoS
        time.sleep(0.05)
        return segments

    assert stamp_of(graph.wait(published)[0]) == stamp_of(message)


def test_an_executor_that_was_busy_is_no_silent_camera(monkeypatch):
    monkeypatch.setattr(image_input, "_CHECK_PERIOD", 0.1)
    monkeypatch.setattr(image_input, "_BUSY", 1.0)
    monkeypatch.setattr(image_input, "_SILENCE", 1.2)
    context = Context()
    rclpy.init(context=context)
    node = Node("eovseg", context=context)
    warnings = []
    monkeypatch.setattr(node, "get_logger", lambda: SimpleNamespace(warning=warnings.append, info=print))
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    source = ImageInput(node, transport="raw", on_image=lambda message, moment: None)

    def spin(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            executor.spin_once(timeout_sec=0.05)

    try:
        spin(0.3)
        time.sleep(2.0)  # a callback that takes long
        spin(0.3)
        (warning,) = warnings
        assert re.fullmatch(r"the node received nothing for (1\.9|2\.\d) s: it was busy itself", warning)
        assert source.silence == ""
        spin(1.5)
        assert source.silence.startswith("it has no publisher") and len(warnings) == 2
    finally:
        source.close()
        executor.shutdown()
        node.destroy_node()
        context.shutdown()
