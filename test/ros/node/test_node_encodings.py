"""What the node says about images that it reads by a guess, and about those that it skips."""

import time

import cv2
import numpy as np
from graph import image_publisher, squares
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.messages.images import image_to_array


def answers(graph, publisher, message, answered):
    """Publish until an answer comes."""
    count = len(answered)

    def published_and_answered():
        publisher.publish(message)
        time.sleep(0.05)
        return len(answered) > count

    graph.wait(published_and_answered, what="an answer")


def test_a_guessed_order_of_channels_is_told_once(graph, start_fake):
    panoptic = graph.collect(Image, "/eovseg/panoptic")
    node = start_fake()
    publisher = image_publisher(graph)
    rgb = squares((3, 1))
    message = graph.picture(np.ascontiguousarray(rgb[:, :, ::-1]), "8UC3")
    for _ in range(3):
        answers(graph, publisher, message, panoptic)
    np.testing.assert_array_equal(image_to_array(panoptic[-1]), rgb[:, :, 0])
    answers(graph, publisher, graph.picture(rgb), panoptic)
    assert node.log.count("encoding 8UC3 does not say the order of its channels; it is read as BGR") == 1


def test_images_past_max_pixels_are_skipped_until_it_is_raised(graph, start_fake):
    panoptic, reports = graph.collect(Image, "/eovseg/panoptic"), graph.collect_diagnostics()
    start_fake(max_pixels=4799, diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    rgb = squares((3, 1))

    def refused():
        publisher.publish(graph.picture(rgb))
        time.sleep(0.05)
        return any("80x60 is 4800 pixels, more than max_pixels (4799)" in r["message"] for r in reports)

    graph.wait(refused, what="a refusal in diagnostics")
    assert not panoptic
    assert graph.set("/eovseg", max_pixels=4800)[0].successful
    answers(graph, publisher, graph.picture(rgb), panoptic)


def test_formats_of_compressed_images_are_read(graph, start_fake):
    panoptic, reports = graph.collect(Image, "/eovseg/panoptic"), graph.collect_diagnostics()
    node = start_fake(image_transport="compressed", diagnostics_rate=10.0)
    publisher = graph.node.create_publisher(CompressedImage, "/image/compressed", 10)
    rgb = squares((3, 1))
    colours, grey = (cv2.imencode(".png", array)[1].tobytes() for array in (rgb[:, :, ::-1], rgb[:, :, 0]))
    answers(graph, publisher, CompressedImage(format="rgb8; png compressed bgr8", data=colours), panoptic)
    np.testing.assert_array_equal(image_to_array(panoptic[-1]), rgb[:, :, 0])
    for _ in range(3):
        answers(graph, publisher, CompressedImage(format="uyvy; jpeg compressed mono8", data=grey), panoptic)
    assert node.log.count("uyvy images were compressed to mono8 and lost their colours") == 1
    for text, reason in (
        ("h264", "format 'h264' is a video stream"),
        ("16UC1; compressedDepth png", "is compressed depth"),
        ("16UC1; png compressed ", "contains 16UC1"),
    ):

        def refused(text=text, reason=reason):
            publisher.publish(CompressedImage(format=text, data=grey))
            time.sleep(0.05)
            return any(reason in report["message"] for report in reports)

        graph.wait(refused, what=reason)
    answers(graph, publisher, CompressedImage(format="png", data=colours), panoptic)
