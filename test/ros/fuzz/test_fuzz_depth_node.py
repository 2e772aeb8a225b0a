"""Hostile depth images and calibrations cost a node no frame, and good ones are used between them."""

import random
import time

import numpy as np
import pytest
from graph import RELIABLE, squares, stamp_of
from hostile import hostile_bytes, hostile_image
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from eovseg_ros.benchmarks.resident_memory import resident_kb
from eovseg_ros.messages import array_to_image
from eovseg_ros.msg import PanopticSegmentation, Status

EVENTS = 1500
ROUND = 50  # events
GROWTH = 100_000  # kB
SIZE = (60, 80)
K = [80.0, 0.0, 39.5, 0.0, 80.0, 29.5, 0.0, 0.0, 1.0]
NUMBERS = (0.0, 1.0, 80.0, -80.0, 1e-300, 1e300, float("nan"), float("inf"))


def hostile_info(chance):
    """A calibration with wrong sizes and numbers, or by chance right."""
    message = CameraInfo(header=hostile_image(chance).header)
    message.width, message.height = (
        chance.choice((0, 80, 640, 2**32 - 1)),
        chance.choice((0, 60, 480, 2**32 - 1)),
    )
    message.k = chance.choices(NUMBERS, k=9)
    message.p = chance.choices(NUMBERS, k=12)
    message.d = chance.choices(NUMBERS, k=chance.choice((0, 4, 5, 8, 12, 14, 1000)))
    message.distortion_model = chance.choice(("", "plumb_bob", "rational_polynomial", "x" * 10_000, "\x00"))
    if chance.random() < 0.5:  # so that depth is looked at
        message.k, message.width, message.height = K, 80, 60
    if chance.random() < 0.3:
        x, width = chance.choices((0, 80, 2**32 - 1), k=2)
        message.roi = RegionOfInterest(x_offset=x, width=width, height=60)
        message.binning_x = chance.choice((0, 2, 2**32 - 1))
    return message


@pytest.mark.slow
def test_hostile_depth_and_calibrations(graph, start_fake):
    node = start_fake(use_depth=True, diagnostics_rate=10.0)
    chance = random.Random(0)
    images, depths = (graph.node.create_publisher(Image, topic, RELIABLE) for topic in ("/image", "/depth"))
    infos = graph.node.create_publisher(CameraInfo, "/camera_info", RELIABLE)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    statuses = graph.collect(Status, "/eovseg/status")
    for publisher in (images, depths, infos):
        graph.wait_for_matched_subscribers(publisher)
    memory = []

    def picture(seconds):
        header = Header(frame_id="camera")
        header.stamp.sec = seconds
        return array_to_image(squares((1, 0)), "rgb8", header)

    def check(seconds):
        """A good image, depth and calibration give a position."""
        image = picture(seconds)
        segments.clear()
        depths.publish(array_to_image(np.full(SIZE, 2000, np.uint16), "16UC1", image.header))
        infos.publish(CameraInfo(header=image.header, width=80, height=60, k=K))
        time.sleep(0.1)
        images.publish(image)
        found = graph.wait(lambda: [m for m in segments if stamp_of(m) == stamp_of(image)])
        (segment,) = found[0].segments
        assert segment.has_position and abs(segment.position.z - 2.0) < 1e-6
        memory.append(resident_kb(node.pid))

    for event in range(EVENTS):
        message = hostile_image(chance) if chance.random() < 0.5 else hostile_info(chance)
        publisher = depths if isinstance(message, Image) else infos
        image = picture(1000 + event)
        if chance.random() < 0.7:  # of the time and frame of the image
            message.header = image.header
        publisher.publish(message if chance.random() < 0.8 else hostile_bytes(chance, message))
        images.publish(image)
        time.sleep(0.004)
        if event % ROUND == ROUND - 1:
            node.check_running()
            check(100_000 + event)
    camera = graph.wait(lambda: statuses and statuses[-1].cameras)[0]
    assert (camera.failed_frames, camera.frame_error) == (0, "")
    assert camera.frames_without_depth > EVENTS / 10  # the node did look at them
    assert memory[-1] - min(memory[:2]) < GROWTH, memory
