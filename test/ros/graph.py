"""What the tests do in the ROS graph: publish pictures, collect answers, set parameters."""

import threading
import time

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter, get_parameter_value
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_ros.messages.images import array_to_image

RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Graph:
    """A node that spins in a thread; what it receives is kept in lists."""

    def __init__(self):
        self._context = Context()
        self._context.init()
        self.node = Node("checker", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()
        self._frames = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()
        self._context.try_shutdown()

    def collect(self, message_type, topic, qos=RELIABLE):
        """Subscribe; the returned list grows."""
        messages = []
        self.node.create_subscription(message_type, topic, messages.append, qos)
        self._executor.wake()
        return messages

    def wait(self, condition, seconds=15.0, what="the condition"):
        """Wait until `condition()` is true and return what it returned."""
        deadline = time.monotonic() + seconds
        while not (answer := condition()):
            assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
            time.sleep(0.01)
        return answer

    def wait_for_subscribers(self, publisher, count=1):
        """Wait until `count` subscriptions are matched."""
        self.wait(lambda: publisher.get_subscription_count() >= count, what=f"{count} subscribers")

    def wait_for_matched_subscribers(self, publisher):
        """Until all that listen ask for what it offers: a node changes its subscription to that."""
        offer = publisher.qos_profile

        def matched():
            found = self.node.get_subscriptions_info_by_topic(publisher.topic_name)
            asked = {(s.qos_profile.reliability, s.qos_profile.durability) for s in found}
            alike = asked == {(offer.reliability, offer.durability)}
            return alike and len(found) == publisher.get_subscription_count()

        self.wait(matched, what=f"subscribers of {publisher.topic_name} with its QoS")

    def picture(self, rgb, encoding="rgb8", frame_id="camera"):
        """An image whose stamp counts up."""
        self._frames += 1
        header = Header(frame_id=frame_id)
        header.stamp.sec, header.stamp.nanosec = divmod(self._frames * 1_000_000, 10**9)
        return array_to_image(rgb, encoding, header)

    def set(self, node_name, **values):
        """Set parameters as `ros2 param set` does, strings read as YAML; the results in order."""
        client = self.node.create_client(SetParameters, f"{node_name}/set_parameters")
        assert client.wait_for_service(10.0)
        request = SetParameters.Request()
        for name, value in values.items():
            parameter = Parameter(name, value=value).to_parameter_msg()
            if isinstance(value, str):
                parameter.value = get_parameter_value(value)
            request.parameters.append(parameter)
        return self.call(client, request).results

    def call(self, client, request):
        """Call a service and wait for the answer."""
        assert client.wait_for_service(10.0)
        future = client.call_async(request)
        return self.wait(lambda: future.done() and future.result(), what=client.srv_name)

    def collect_diagnostics(self):
        """Values of every diagnostics message as dictionaries, with its level and summary."""
        reports = []

        def keep(message):
            (status,) = message.status
            values = {value.key: value.value for value in status.values}
            reports.append(values | {"level": status.level, "message": status.message, "name": status.name})

        self.node.create_subscription(DiagnosticArray, "/diagnostics", keep, 10)
        return reports

    def _spin(self):
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass


def squares(*colours, size=(60, 80)):
    """A black picture with a 10x10 square for every (red, green): segment id and class to the stand-in."""
    rgb = np.zeros((*size, 3), np.uint8)
    for i, (red, green) in enumerate(colours):
        rgb[10:20, 5 + 15 * i : 15 + 15 * i, :2] = red, green
    return rgb


def stamp_of(message):
    """Nanoseconds."""
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def image_publisher(graph, topic="/image", qos=RELIABLE):
    """A publisher of images."""
    return graph.node.create_publisher(Image, topic, qos)
