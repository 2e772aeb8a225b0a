"""NodeClient against a running node: its status, and what its services answer."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from graph import LATCHED, squares
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from eovseg_ros.clients import ClientError, NodeClient, node_client
from eovseg_ros.msg import Status, Vocabulary
from eovseg_ros.srv import SetVocabulary


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


def test_a_caller_whose_request_is_overtaken_is_told_and_never_gets_the_others(start_fake, callers):
    """The other's request is taken while the first one's is encoded, and goes live alone."""
    start_fake()
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
        "a newer request replaced the vocabulary before it was live; it requested: mug,cup, floor|stuff"
    )


class ScriptedNode:
    """Answers every request with version 3, after the vocabularies of its script."""

    def __init__(self, graph):
        self._vocabularies = graph.node.create_publisher(Vocabulary, "/eovseg/vocabulary", LATCHED)
        graph.node.create_service(SetVocabulary, "/eovseg/set_vocabulary", self._set)
        self.script = []

    def publish(self, *versions):
        for version in versions:
            self._vocabularies.publish(Vocabulary(version=version, entries=[f"entry {version}"]))

    def _set(self, request, response):
        self.publish(*self.script)
        return SetVocabulary.Response(success=True, version=3)


def test_a_vocabulary_that_another_replaces_at_once_is_found_all_the_same(graph, callers):
    node, client = ScriptedNode(graph), callers[0].client
    node.publish(2)
    assert client.get_vocabulary(10).version == 2
    node.script = [3, 4]
    assert client.set_vocabulary(["entry 3"], 10).version == 3


def test_a_vocabulary_whose_message_was_lost_is_not_mistaken_for_another(graph, callers):
    node, client = ScriptedNode(graph), callers[0].client
    node.script = [4]
    with pytest.raises(ClientError, match="another client has replaced the vocabulary, which was live as 3"):
        client.set_vocabulary(["entry 3"], 10)


def test_a_node_that_is_started_again_counts_from_the_start(graph, callers):
    node, client = ScriptedNode(graph), callers[0].client
    node.publish(3)
    client.wait(lambda: 3 in client.vocabularies, 10, "")
    node.publish(7)
    client.wait(lambda: 7 in client.vocabularies, 10, "")
    node.script = [1, 3]
    live = client.set_vocabulary(["entry 3"], 10)
    assert sorted(client.vocabularies) == [1, 3] and live is client.vocabularies[3]


def test_a_client_that_runs_for_long_keeps_few_vocabularies(graph, callers):
    node, client = ScriptedNode(graph), callers[0].client
    for version in range(1, 51):
        node.publish(version)
        client.wait(lambda version=version: version in client.vocabularies, 10, f"no version {version}")
    assert sorted(client.vocabularies) == list(range(19, 51))


def test_a_node_that_says_nothing_is_given_up_in_time(graph, callers):
    client = callers[0].client
    node = ScriptedNode(graph)
    started = time.monotonic()
    with pytest.raises(ClientError) as error:  # it answers, but publishes nothing
        client.set_vocabulary(["mug"], 0.5)
    assert str(error.value) == "the vocabulary is not live after 0.5 s: see the node's log"
    assert time.monotonic() - started < 5 and node.script == []


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda client: client.set_vocabulary(["mug"], 0.5), "set_vocabulary"),
        (lambda client: client.enable(True, 0.5), "enable"),
        (lambda client: client.segment(None, [], 0.5), "segment"),
    ],
    ids=["set_vocabulary", "enable", "segment"],
)
def test_a_node_without_the_service_is_a_clear_error(callers, call, name, monkeypatch):
    monkeypatch.setattr(node_client.SegmentImage, "Request", lambda **fields: fields)
    with pytest.raises(ClientError) as error:
        call(callers[0].client)
    assert str(error.value) == (
        f"there is no service /eovseg/{name}: is the node running, and of the same version as this program?"
    )


def test_an_image_is_segmented_and_the_node_stopped_and_started(graph, start_fake, callers):
    start_fake()
    client = callers[0].client
    picture = graph.picture(squares((3, 0), (7, 1)))
    answer = client.segment(picture, [], 10)
    assert [s.label for s in answer.segmentation.segments] == ["cup", "ball"]
    answer = client.segment(picture, ["mug", "bowl"], 10)
    assert [s.label for s in answer.segmentation.segments] == ["mug", "bowl"]
    with pytest.raises(ClientError, match="cannot read encoding 'rgb9'"):
        picture.encoding = "rgb9"
        client.segment(picture, [], 10)
    assert client.enable(False, 10) == "the node is inactive"
    client.wait(lambda: client.get_status(10).state == Status.STATE_INACTIVE, 10, "inactive")
    assert client.enable(True, 10) == "the node is active"


def test_the_same_entries_again_go_live_again(start_fake, callers):
    start_fake()
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
    late = Caller("late")
    try:
        assert late.client.get_status(10).state in (Status.STATE_ACTIVATING, Status.STATE_ACTIVE)
        late.client.wait(lambda: late.client.status.state == Status.STATE_ACTIVE, 10, "it is not active")
    finally:
        late.close()
