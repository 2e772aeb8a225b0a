"""Faults of the model, the camera and the clock, over real DDS: the node recovers and says it once."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from faulty_node import CUDA_MEMORY, EXIT, MEMORY, OVERFLOW
from graph import image_publisher, squares, stamp_of
from rosgraph_msgs.msg import Clock

from eovseg_ros.messages.images import array_to_image, image_to_array
from eovseg_ros.msg import PanopticSegmentation, Status

CAMERA = """
import time, numpy as np, rclpy
from rclpy.executors import ExternalShutdownException
from graph import squares, Graph
with Graph() as graph:
    from graph import image_publisher
    publisher = image_publisher(graph)
    while True:
        picture = graph.picture(squares((1, 0)))
        picture.header.stamp = graph.node.get_clock().now().to_msg()
        publisher.publish(picture)
        time.sleep(0.05)
"""


@pytest.fixture
def node(start):
    parameters = {"vocabulary": ["cup", "ball", "floor|stuff"], "diagnostics_rate": 10.0}
    node = start("faulty_node", parameters=parameters)
    node.wait_for_log("segmenting /image", 20)
    return node


def send_until(graph, publisher, make, condition, what):
    def sent():
        publisher.publish(make())
        time.sleep(0.03)
        return condition()

    return graph.wait(sent, what=what)


def colour(pixel, size=(6, 8)):
    return np.tile(np.array(pixel, np.uint8), (*size, 1))


@pytest.mark.parametrize(
    ("pixel", "error"),
    [
        (MEMORY, "MemoryError: Unable to allocate 12.0 GiB"),
        (CUDA_MEMORY, "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"),
        (EXIT, "SystemExit: 3"),
        (OVERFLOW, "RecursionError: maximum recursion depth exceeded"),
    ],
    ids=["memory", "CUDA", "exit", "recursion"],
)
def test_a_model_that_fails_on_many_frames_is_told_once_and_forgiven(graph, node, pixel, error):
    statuses = graph.collect(Status, "/eovseg/status")
    reports = graph.collect_diagnostics()
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    publisher = image_publisher(graph)
    send_until(graph, publisher, lambda: graph.picture(squares((1, 0))), lambda: segments, "a frame")
    bad = colour(pixel)
    send_until(
        graph,
        publisher,
        lambda: graph.picture(bad),
        lambda: statuses and statuses[-1].cameras[0].failed_frames > 20,
        "20 failures",
    )
    assert statuses[-1].cameras[0].frame_error == error
    graph.wait(lambda: (reports[-1]["level"], reports[-1]["message"]) == (b"\x02", error))
    before = len(segments)
    send_until(
        graph, publisher, lambda: graph.picture(squares((1, 0))), lambda: len(segments) > before, "a frame"
    )
    assert [s.label for s in segments[-1].segments] == ["cup"]
    graph.wait(lambda: statuses[-1].cameras[0].frame_error == "" and reports[-1]["level"] == b"\x00")
    assert node.log.count("a frame failed") == 1 and node.log.count("Traceback") == 1
    assert error in node.log


def test_a_camera_that_is_killed_and_comes_back(graph, start_fake):
    node = start_fake(diagnostics_rate=10.0)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    statuses = graph.collect(Status, "/eovseg/status")
    for _ in range(2):
        before = len(segments)
        with subprocess.Popen([sys.executable, "-c", CAMERA], env=os.environ) as camera:
            try:
                graph.wait(lambda: len(segments) > before + 20, 20, "frames of the camera")  # noqa: B023
            finally:
                camera.send_signal(signal.SIGKILL)
    assert statuses[-1].cameras[0].frame_error == "" and "ERROR" not in node.log
    assert "Traceback" not in node.log
    stamps = [stamp_of(message) for message in segments]
    assert stamps == sorted(set(stamps))


def test_stamps_that_jump_back_and_forth(graph, start_fake):
    node = start_fake(diagnostics_rate=10.0)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    statuses = graph.collect(Status, "/eovseg/status")
    publisher = image_publisher(graph)
    graph.wait_for_matched_subscribers(publisher)
    seconds = [1_700_000_000, 0, 2**31 - 1, -(2**31), 5, 5, 4]
    for second in seconds * 8:
        picture = graph.picture(squares((1, 0)))
        picture.header.stamp.sec, picture.header.stamp.nanosec = second, 999_999_999
        before = len(segments)
        send_until(graph, publisher, lambda: picture, lambda: len(segments) > before, "a frame")  # noqa: B023
        assert segments[-1].header == picture.header or segments[-1].header.stamp.sec in seconds
    assert statuses[-1].cameras[0].lost == 0 and "ERROR" not in node.log and "WARN" not in node.log


def test_a_simulated_clock_that_goes_back(graph, start_fake):
    node = start_fake(diagnostics_rate=10.0, use_sim_time=True)
    clock = graph.node.create_publisher(Clock, "/clock", 10)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    statuses = graph.collect(Status, "/eovseg/status")
    publisher = image_publisher(graph)
    for second in (1000, 2000, 10, 0, 3000, 5):
        message = Clock()
        message.clock.sec = second
        before, told = len(segments), len(statuses)

        def tick(message=message):
            clock.publish(message)
            return graph.picture(squares((1, 0)))

        send_until(
            graph,
            publisher,
            tick,
            lambda before=before, told=told: len(segments) > before and len(statuses) > told + 3,
            f"frames and status at {second} s",
        )
    graph.wait(lambda: statuses[-1].header.stamp.sec == 5, what="the time in the status")
    assert 0 <= statuses[-1].cameras[0].latency_p50 < 2000 and 0 <= statuses[-1].cameras[0].image_age < 5
    assert "ERROR" not in node.log and "no image" not in node.log


def test_a_camera_that_changes_size_and_encoding_with_every_frame(graph, start_fake):
    node = start_fake(diagnostics_rate=10.0)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    panoptic = graph.collect(type(graph.picture(squares())), "/eovseg/panoptic")
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    sent = {}

    def picture(number):
        encoding = ("rgb8", "bgr8", "rainbow8", "rgba8", "bgr8", "rgb8")[number % 6]
        size = ((60, 80), (33, 91), (20, 80))[number % 3]
        rgb = squares((1 + number % 9, number % 3), size=size)
        array = rgb[..., ::-1] if encoding == "bgr8" else rgb
        if encoding == "rgba8":
            array = np.dstack([rgb, np.full(size, 255, np.uint8)])
        header = graph.picture(rgb).header
        message = array_to_image(
            np.ascontiguousarray(array), "rgb8" if encoding == "rainbow8" else encoding, header
        )
        message.encoding = encoding
        sent[stamp_of(message)] = rgb
        return message

    for number in range(300):
        publisher.publish(picture(number))
        time.sleep(0.01)
    graph.wait(lambda: len(segments) > 60)
    time.sleep(0.3)
    labels = ("cup", "ball", "floor")
    for message in segments:
        red, green = sent[stamp_of(message)][10, 5, :2].tolist()
        assert [(s.id, s.label) for s in message.segments] == [(red, labels[green])]
    for message in panoptic:
        np.testing.assert_array_equal(image_to_array(message), sent[stamp_of(message)][:, :, 0])
    assert node.log.count("skipped a bad image") == 1 and "ERROR" not in node.log
