"""NodeClient against a running node: the status, and whose vocabulary it is that goes live."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from graph import LATCHED
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from eovseg_ros.clients import ClientError, NodeClient, node_client
from eovseg_ros.msg import Status, Vocabulary


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


@pytest.mark.parametrize("rate", [10.0, 0.2], ids=["status comes first", "vocabulary comes first"])
def test_a_caller_whose_request_is_overtaken_is_told_and_never_gets_the_others(start_fake, callers, rate):
    """The other's request is taken while the first one's is encoded, and goes live alone."""
    start_fake(diagnostics_rate=rate)
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
        "another client replaced the vocabulary before it was live; it requested: mug,cup, floor|stuff"
    )


class ScriptedNode:
    """Takes every vocabulary, and publishes the messages of its script thereafter, five a second."""

    def __init__(self, node):
        self._vocabularies = node.create_publisher(Vocabulary, "/eovseg/vocabulary", LATCHED)
        self._statuses = node.create_publisher(Status, "/eovseg/status", LATCHED)
        self._service = node.create_service(SetParameters, "/eovseg/set_parameters", self._set)
        self.script = []

    def publish(self, message):
        publishers = {Vocabulary: self._vocabularies, Status: self._statuses}
        publishers[type(message)].publish(message)

    def _set(self, request, response):
        response.results = [SetParametersResult(successful=True)]
        for i, message in enumerate(self.script):
            threading.Timer(0.2 * i, self.publish, [message]).start()
        return response


def vocabulary(version, *entries):
    return Vocabulary(version=version, entries=entries, labels=entries, is_thing=[True] * len(entries))


def test_a_request_that_was_on_its_way_may_go_live_first(graph, callers):
    node, client = ScriptedNode(graph.node), callers[0].client
    status = Status(vocabulary_version=2, vocabulary_entries=["lamp"])
    node.script = [vocabulary(2, "others"), status, status, status, vocabulary(3, "lamp")]
    answers = []
    thread = threading.Thread(target=lambda: answers.append(client.set_vocabulary(["lamp"], 10)))
    thread.start()
    while not client.vocabularies:
        node.publish(vocabulary(1, "first"))
        time.sleep(0.05)
    thread.join(15)
    assert [answer.version for answer in answers] == [3]


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
