"""config/fastdds.xml carries whole camera images between processes, and Fast DDS understands all of it."""

import array
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from eovseg_ros.benchmarks.discovery import without_discovery

FRAMES = 20
PROFILE = Path(__file__).parents[3] / "config" / "fastdds.xml"
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
PUBLISHER = f"""
import array, time, rclpy
from sensor_msgs.msg import Image
rclpy.init()
node = rclpy.create_node("sender")
publisher = node.create_publisher(Image, "profile_test/image", 1)
image = Image(height=720, width=1280, encoding="rgb8", step=3840, data=array.array("B", bytes(720 * 3840)))
while publisher.get_subscription_count() == 0:
    time.sleep(0.05)
time.sleep(1.0)  # the subscriber learns of this publisher no later than this
for number in range({FRAMES}):
    image.header.frame_id = str(number)
    publisher.publish(image)
    time.sleep(0.1)
rclpy.shutdown()
"""


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", str(PROFILE))


@pytest.fixture
def sender(profile: None) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", PUBLISHER]) as process:
        yield process
        process.kill()


def test_720p_images_arrive_best_effort(sender: subprocess.Popen[bytes]) -> None:
    context = Context()
    rclpy.init(context=context)
    node = Node("receiver", context=context)
    received: list[Image] = []
    node.create_subscription(Image, "profile_test/image", received.append, BEST_EFFORT)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    deadline = time.monotonic() + 60
    while sender.poll() is None and time.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.1)
    node.destroy_node()
    rclpy.shutdown(context=context)
    assert len(received) >= 0.8 * FRAMES  # without the profile: one or two
    assert all(image.data == array.array("B", bytes(720 * 3840)) for image in received)


@pytest.mark.parametrize(
    ("written", "complaints"), [("leaseAnnouncement", False), ("leaseAnnouncment", True)]
)
def test_fast_dds_complains_of_nothing_in_the_profile(tmp_path: Path, written: str, complaints: bool) -> None:
    profile = tmp_path / "profile.xml"
    profile.write_text(PROFILE.read_text().replace("leaseAnnouncement", written))
    answer = subprocess.run(
        [sys.executable, "-c", "import rclpy; rclpy.init(); rclpy.create_node('reader')"],
        env=os.environ | {"FASTRTPS_DEFAULT_PROFILES_FILE": str(profile)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("XMLPARSER" in answer.stdout + answer.stderr) == complaints, answer.stderr


def test_the_benchmark_compares_with_a_profile_that_differs_in_discovery_alone() -> None:
    text = PROFILE.read_text()
    names = [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()]
    left = [
        element.tag.rpartition("}")[2] for element in ElementTree.fromstring(without_discovery(text)).iter()
    ]
    removed = "builtin discovery_config initialAnnouncements count period sec nanosec leaseAnnouncement sec"
    assert left == names[: names.index("builtin")] and names[names.index("builtin") :] == removed.split()
