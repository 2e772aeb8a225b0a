"""What publishes in place of a ROS node: nothing leaves the process."""

from types import SimpleNamespace

from builtin_interfaces.msg import Time


class StandInPublisher:
    def __init__(self):
        self.subscribers = 0
        self.messages = []

    def get_subscription_count(self):
        return self.subscribers

    def publish(self, message):
        self.messages.append(message)


class StandInNode:
    """Keeps its publishers by topic."""

    context = SimpleNamespace(ok=lambda: True)

    def __init__(self):
        self.publishers = {}

    def create_publisher(self, message_type, topic, qos):
        return self.publishers.setdefault(topic, StandInPublisher())

    def get_clock(self):
        return SimpleNamespace(now=lambda: SimpleNamespace(to_msg=Time))
