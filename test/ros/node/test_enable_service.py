"""~/enable over DDS: stop and go without loading the model again."""

import time

from graph import LATCHED, image_publisher
from lifecycle_msgs.srv import GetState
from own_services import CLEANUP, DEACTIVATE, EnableService, change, publish_until

from eovseg_ros.msg import PanopticSegmentation, Status, Vocabulary

UNCONFIGURED = "the node is not configured: `ros2 lifecycle set /eovseg configure` loads the model"


def state_of(graph):
    client = graph.node.create_client(GetState, "/eovseg/get_state")
    return graph.call(client, GetState.Request()).current_state.label


def test_stop_and_go(graph, start_fake):
    process = start_fake()
    enable = EnableService(graph)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    publisher = image_publisher(graph)

    publish_until(graph, publisher, lambda: len(segments) > 5)
    assert enable(False) == (True, "the node is inactive")
    assert state_of(graph) == "inactive"
    time.sleep(0.2)
    before, until = len(segments), time.monotonic() + 0.5
    publish_until(graph, publisher, lambda: time.monotonic() > until)
    assert len(segments) == before
    assert enable(True) == (True, "the node is active")
    assert state_of(graph) == "active"
    publish_until(graph, publisher, lambda: len(segments) > before)
    assert process.log.count("loading variant") == 1
    assert [v.version for v in vocabularies] == [1]


def test_a_node_in_that_state_already_says_so(graph, start_fake):
    start_fake()
    enable = EnableService(graph)
    assert enable(True) == (True, "the node was active already")
    assert enable(False)[0]
    assert enable(False) == (True, "the node was inactive already")


def test_a_node_without_a_model_says_what_to_do(graph, start_fake):
    start_fake()
    enable = EnableService(graph)
    assert change(graph, DEACTIVATE) and change(graph, CLEANUP)
    for wanted in (True, False):
        assert enable(wanted) == (False, UNCONFIGURED)
    assert change(graph, 5)  # shutdown of an unconfigured node
    for wanted in (True, False):
        assert enable(wanted) == (False, "the node was shut down for good: start it again")


def test_a_node_that_loads_its_model_refuses_and_starts_all_the_same(graph, start, monkeypatch):
    monkeypatch.setenv("FAKE_LOAD_SECONDS", "3")
    process = start("fake_node", parameters={"vocabulary": ["cup"]})
    enable = EnableService(graph)
    process.wait_for_log("loading variant", 20)
    for wanted in (True, False):
        assert enable(wanted) == (False, "the node is configuring: call again when that is over")
    process.wait_for_log("segmenting /image", 10)
    assert enable(True) == (True, "the node was active already")


def test_requests_during_a_transition_are_refused(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.8")
    start_fake(diagnostics_rate=10.0)
    enable = EnableService(graph)
    statuses = graph.collect(Status, "/eovseg/status")
    publish_until(graph, image_publisher(graph), lambda: statuses and statuses[-1].cameras[0].received)
    first = enable.start(False)
    assert enable(True) == (False, "the node is deactivating: call again when that is over")
    assert graph.wait(lambda: first.done() and first.result()).message == "the node is inactive"
    assert enable(True) == (True, "the node is active")


def test_an_activation_that_fails_is_told(graph, start, monkeypatch):
    monkeypatch.setenv("FAIL_ACTIVATION", "1")
    process = start("stuck_node", parameters={"vocabulary": ["cup"]})
    process.wait_for_log("segmenting /image", 20)
    enable = EnableService(graph)
    assert enable(False)[0]
    assert enable(True) == (False, "the node did not become active: see its log")
    assert "cannot activate: out of sockets" in process.log
    assert state_of(graph) == "inactive"
    assert enable(True) == (True, "the node is active")


def test_many_requests_are_answered(graph, start_fake):
    start_fake()
    enable = EnableService(graph)
    pending = [enable.start(bool(i % 2)) for i in range(9)]
    answers = [graph.wait(lambda f=f: f.done() and f.result()) for f in pending]
    assert all(a.success or "call again when that is over" in a.message for a in answers)
    graph.wait(lambda: enable(True)[0])
