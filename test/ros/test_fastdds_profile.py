"""config/fastdds.xml carries whole camera images between processes; without it nearly all get lost."""

import array
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import rclpy
from ament_index_python.packages import get_package_share_directory
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

FRAMES = 20
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
    path = get_package_share_directory("eovseg_ros") + "/config/fastdds.xml"
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", path)


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
