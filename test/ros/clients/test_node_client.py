"""NodeClient against a running node: the status, and whose vocabulary it is that goes live."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from eovseg_ros.clients import ClientError, NodeClient, node_client
from eovseg_ros.msg import Status


class Caller:
    """A client with a context and an executor of its own, so that several can wait at the same time."""

    def __init__(self, name):
        self.context = Context()
        self.context.init()
        self.node = Node(name, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.node.spin_once = self.executor.spin_once
        self.client = NodeClient(self.node, "/eovseg")

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def callers(monkeypatch):
    """Two clients."""

    class Spin:
        @staticmethod
        def spin_once(node, timeout_sec):
            node.spin_once(timeout_sec=timeout_sec)

    monkeypatch.setattr(node_client, "rclpy", Spin)
    both = Caller("one"), Caller("other")
    yield both
    for caller in both:
        caller.close()


def test_the_version_returned_is_the_one_of_the_callers_own_entries(start_fake, callers):
    """The other's request is taken while the first one's is encoded, and goes live alone."""
    start_fake(diagnostics_rate=10.0)
    one, other = callers
    for caller in callers:
        caller.client.get_vocabulary(10)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(one.client.set_vocabulary, ["slow lamp"], 20)
        time.sleep(1.0)  # of the 3 s that the encoding takes
        second = pool.submit(other.client.set_vocabulary, ["mug,cup", "floor|stuff"], 20)
        live = second.result(30)
        with pytest.raises(ClientError) as error:
            first.result(30)
    assert (live.version, live.labels, live.entries) == (2, ["mug", "floor"], ["mug,cup", "floor|stuff"])
    assert str(error.value) == (
        "another client replaced the vocabulary before it was live; it asked for: mug,cup, floor|stuff"
    )


def test_a_vocabulary_of_another_client_that_goes_live_first_is_not_taken_for_the_own(start_fake, callers):
    start_fake(diagnostics_rate=10.0)
    one, other = callers
    for caller in callers:
        caller.client.get_vocabulary(10)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(one.client.set_vocabulary, ["lamp"], 20)
        live = first.result(30)
        second = pool.submit(other.client.set_vocabulary, ["slow chair"], 20)
        assert second.result(30).version == 3
    assert (live.version, live.labels) == (2, ["lamp"])


def test_the_same_entries_again_go_live_again(start_fake, callers):
    start_fake(diagnostics_rate=10.0)
    client = callers[0].client
    assert [client.set_vocabulary(["lamp"], 20).version for _ in range(2)] == [2, 3]


def test_a_failure_is_the_callers_own_and_not_that_of_a_request_before(start_fake, callers):
    start_fake(diagnostics_rate=10.0)
    one, other = callers
    for client in (one.client, other.client, one.client):
        with pytest.raises(ClientError, match="broken mug.*the text tower tripped"):
            client.set_vocabulary(["broken mug"], 20)
    assert other.client.set_vocabulary(["mug"], 20).version == 2


def test_the_entries_are_what_was_written_not_what_it_means(start_fake, callers):
    start_fake(diagnostics_rate=10.0)
    live = callers[0].client.set_vocabulary(["@default", "sewing needle"], 20)
    assert live.entries == ["@default", "sewing needle"] and len(live.labels) > 10


def test_a_status_is_there_for_who_comes_late(start_fake, callers):
    start_fake(diagnostics_rate=10.0)
    assert callers[0].client.get_status(10).state == Status.STATE_ACTIVE
