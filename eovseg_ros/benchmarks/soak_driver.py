"""The ROS side of a soak test: sends images, changes vocabularies and subscribers, keeps the answers."""

import random
import time
from collections.abc import Callable

import rclpy
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.subscription import Subscription
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_ros.benchmarks.soak_camera import SoakCamera
from eovseg_ros.benchmarks.soak_ledger import SentImage, SoakLedger
from eovseg_ros.msg import CameraStatus, PanopticSegmentation, Status, Vocabulary
from eovseg_ros.processes import ProgramFailure

WORDS = (
    *("red cube,red block", "green cube,green block", "blue ball,blue sphere", "green cone", "blue mug"),
    *("yellow bowl", "white cone", "rubber duck", "teddy bear", "soccer ball", "orange cylinder", "chair"),
    *("table|stuff", "floor|stuff", "wall|stuff", "sky|stuff", "robot", "person", "bottle", "box"),
)
_TOPICS = ("panoptic", "semantic", "overlay")
_VOCABULARY_CHANGE = 0.01  # probabilities for each round
_SUBSCRIBER_CHANGE = 0.02
_BURST = 0.1  # of several images without waiting for answers
_MOST_IN_A_BURST = 4
_BURST_PAUSE = 0.01  # seconds between two images; those of a camera do not come faster
_ANSWER = 20.0  # seconds within which an answer has to come
_WARM_UP = 3.0  # seconds; the node subscribes anew when it has seen the camera's QoS


class SoakDriver:
    """A camera and a subscriber to all that the node named /eovseg publishes.

    `check` is called during every wait: it raises an error if the node has ended.
    """

    def __init__(self, seed: int, check: Callable[[], None]) -> None:
        self.ledger = SoakLedger()
        self.status = Status(cameras=[CameraStatus()])  # the newest
        self._check = check
        self._chance = random.Random(seed)
        self._camera = SoakCamera(self._chance)
        self._node = Node("soak")
        self._subscribers: dict[str, Subscription] = {}
        self._requests: dict[Future, tuple[str, ...]] = {}  # unanswered
        self._wanted: tuple[str, ...] = ()  # entries of the last request
        self._images = self._node.create_publisher(Image, "/image", 1)
        self._node.create_subscription(
            PanopticSegmentation,
            "/eovseg/segments",
            lambda message: self.ledger.receive(message, time.monotonic()),
            10,
        )
        latched = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._node.create_subscription(
            Vocabulary,
            "/eovseg/vocabulary",
            lambda message: self.ledger.receive_vocabulary(message),
            latched,
        )
        self._node.create_subscription(Status, "/eovseg/status", self._keep_status, latched)
        self._set = self._node.create_client(SetParameters, "/eovseg/set_parameters")

    def warm_up(self, seconds: float) -> None:
        """Send images until answers come steadily, then forget them; ProgramFailure if none comes."""
        now = time.monotonic()
        self._wait(self._images.get_subscription_count, seconds)
        settled, end = time.monotonic() + _WARM_UP, now + seconds
        answered = False
        while not answered or time.monotonic() < settled:
            if time.monotonic() > end:
                raise ProgramFailure(f"the node answered no image in {seconds:.0f} s")
            answered = self._wait_for_answer(self._send(), 1.0)
        self.spin_for(1.0)  # a status that counts all of these
        self.ledger.forget_images()

    def round(self, most: int) -> None:
        """Change something or nothing, send up to `most` images, and wait for the newest one's answer."""
        if self._chance.random() < _VOCABULARY_CHANGE:
            self._change_vocabulary()
        if self._chance.random() < _SUBSCRIBER_CHANGE:
            self._change_subscriber(self._chance.choice(_TOPICS))
        burst = self._chance.randint(2, _MOST_IN_A_BURST) if self._chance.random() < _BURST else 1
        stamp = self._send()
        for _ in range(min(burst, most) - 1):
            self.spin_for(_BURST_PAUSE)
            stamp = self._send()
        if not self._wait_for_answer(stamp, _ANSWER):
            self.ledger.give_up(stamp, _ANSWER)
        self._collect_replies()

    def finish(self) -> None:
        """Wait until the last vocabulary is live, which takes an image, and for a last status."""
        deadline = time.monotonic() + _ANSWER
        while self._requests or (self._wanted and not self.ledger.is_live(self._wanted)):
            if time.monotonic() > deadline:
                self.ledger.errors.append(f"never live, or never answered: {self._wanted}")
                break
            self.round(1)
        self.spin_for(1.0)

    def spin_for(self, seconds: float) -> None:
        """Receive for some time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            rclpy.spin_once(self._node, timeout_sec=left)

    def close(self) -> None:
        """Leave the graph."""
        self._node.destroy_node()

    def _send(self) -> int:
        now = self._node.get_clock().now()
        image = self._camera.image(Header(frame_id="camera", stamp=now.to_msg()))
        self.ledger.send(now.nanoseconds, SentImage(time.monotonic(), image.height, image.width))
        self._images.publish(image)
        return now.nanoseconds

    def _wait_for_answer(self, stamp: int, seconds: float) -> bool:
        return self._wait(lambda: self.ledger.is_answered(stamp), seconds)

    def _wait(self, condition: Callable[[], object], seconds: float) -> bool:
        """Spin until the condition holds; whether it did in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self._check()
            rclpy.spin_once(self._node, timeout_sec=0.1)
        return True

    def _change_vocabulary(self) -> None:
        entries = tuple(self._chance.sample(WORDS, self._chance.randint(1, len(WORDS))))
        request = SetParameters.Request()
        request.parameters = [Parameter("vocabulary", value=list(entries)).to_parameter_msg()]
        self._requests[self._set.call_async(request)] = entries
        self._wanted = entries

    def _collect_replies(self) -> None:
        for future in [future for future in self._requests if future.done()]:
            entries = self._requests.pop(future)
            result = future.result().results[0]
            if not result.successful:
                self.ledger.errors.append(f"vocabulary {entries} refused: {result.reason}")

    def _change_subscriber(self, topic: str) -> None:
        if subscriber := self._subscribers.pop(topic, None):
            self._node.destroy_subscription(subscriber)
            return
        self._subscribers[topic] = self._node.create_subscription(
            Image, f"/eovseg/{topic}", lambda message: None, 1, raw=True
        )

    def _keep_status(self, status: Status) -> None:
        self.status = status
