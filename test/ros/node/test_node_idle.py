"""What the node does where nothing is wanted of it: no frames, no work."""

import os
import time
from pathlib import Path

from graph import image_publisher, squares
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState


def processor_seconds(process):
    """User and system time of a child so far."""
    fields = Path(f"/proc/{process._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_node_that_waits_for_its_rate_sleeps(graph, start_fake):
    node = start_fake(max_rate=0.1)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    for _ in range(3):  # the first is segmented, the last waits for its turn
        publisher.publish(graph.picture(squares((1, 0))))
        time.sleep(0.3)
    before = processor_seconds(node)
    time.sleep(3)
    assert processor_seconds(node) - before < 1


def test_an_inactive_node_does_not_listen(graph, start_fake):
    start_fake()
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    client = graph.node.create_client(ChangeState, "/eovseg/change_state")
    for transition, subscriptions in (
        (Transition.TRANSITION_DEACTIVATE, 0),
        (Transition.TRANSITION_ACTIVATE, 1),
    ):
        request = ChangeState.Request()
        request.transition.id = transition
        assert graph.call(client, request).success
        graph.wait(
            lambda n=subscriptions: publisher.get_subscription_count() == n,
            what=f"{subscriptions} subscriptions",
        )
