"""~/set_vocabulary in each state of the node, during transitions and at its end."""

import time

import pytest
from graph import LATCHED, image_publisher, squares
from own_services import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, VocabularyService, change, publish_until

from eovseg_ros.msg import PanopticSegmentation, Status, Vocabulary


def test_an_inactive_node_uses_a_vocabulary_at_once(graph, start_fake):
    start_fake(vocabulary=["cup"])
    service = VocabularyService(graph)
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    assert change(graph, DEACTIVATE)
    assert service("mug") == (True, 2, "")
    graph.wait(lambda: [v.version for v in vocabularies] == [1, 2])
    assert graph.set("/eovseg", vocabulary=["bowl"])[0].successful
    graph.wait(lambda: [v.version for v in vocabularies] == [1, 2, 3])
    assert vocabularies[-1].labels == ["bowl"]
    assert change(graph, ACTIVATE)
    assert service("plate") == (True, 4, "")


@pytest.mark.parametrize(
    "entry", ["slow mug", "mug"], ids=["while it is encoded", "while it waits for a frame"]
)
def test_a_node_that_is_deactivated_meanwhile_uses_it_all_the_same(graph, start_fake, monkeypatch, entry):
    monkeypatch.setenv("FAKE_SECONDS", "0.8")
    start_fake(vocabulary=["cup"], diagnostics_rate=10.0)
    service = VocabularyService(graph)
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    statuses = graph.collect(Status, "/eovseg/status")
    publisher = image_publisher(graph)
    publish_until(graph, publisher, lambda: statuses and statuses[-1].cameras[0].received)
    pending = service.start(entry)
    time.sleep(0.2)
    assert not pending.done()
    assert change(graph, DEACTIVATE)
    assert service.answer_of(pending) == (True, 2, "")
    graph.wait(lambda: [v.labels for v in vocabularies] == [["cup"], [entry]])


def test_a_low_rate_delays_no_vocabulary(graph, start_fake):
    start_fake(max_rate=0.05)
    service = VocabularyService(graph)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    publisher = image_publisher(graph)
    publish_until(graph, publisher, lambda: segments)
    publisher.publish(graph.picture(squares((3, 0))))  # waits for 20 s
    started = time.monotonic()
    assert service("mug") == (True, 2, "")
    assert time.monotonic() - started < 2 and len(segments) == 1


def test_a_node_that_is_not_configured_keeps_it_for_then(graph, start):
    start("fake_node", parameters={"autostart": False, "vocabulary": ["cup"]})
    service = VocabularyService(graph)
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    set_only = "the parameter 'vocabulary' is set, but not live: "
    hint = "the node is not configured: `ros2 lifecycle set /eovseg configure` loads the model"
    assert service("mug") == (False, 0, set_only + hint)
    assert service.parameter() == ["mug"]
    success, _, message = service("mug", "mug")
    assert not success and "'vocabulary' refused" in message
    assert change(graph, CONFIGURE)
    graph.wait(lambda: vocabularies and vocabularies[-1].labels == ["mug"])
    assert change(graph, CLEANUP)
    assert service("bowl") == (False, 0, set_only + hint)
    assert change(graph, 5)  # shutdown of an unconfigured node
    assert service("bowl") == (False, 0, set_only + "the node was shut down for good: start it again")


def test_a_node_that_loads_its_model_uses_it_then(graph, start, monkeypatch):
    monkeypatch.setenv("FAKE_LOAD_SECONDS", "3")
    process = start("fake_node", parameters={"vocabulary": ["cup"]})
    service = VocabularyService(graph)
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    process.wait_for_log("loading variant", 20)
    success, version, message = service("mug")
    assert (success, version) == (False, 0) and "the node is configuring: call again when" in message
    graph.wait(lambda: vocabularies and vocabularies[-1].labels == ["mug"])


def test_cleanup_answers_a_request_that_is_being_encoded(graph, start_fake):
    start_fake()
    service = VocabularyService(graph)
    pending = service.start("slow mug")
    time.sleep(0.5)
    assert change(graph, DEACTIVATE) and not pending.done()
    assert change(graph, CLEANUP)
    reason = "the node was cleaned up before the vocabulary was live"
    assert service.answer_of(pending) == (False, 0, reason)


def test_the_process_ends_while_a_request_waits(graph, start_fake):
    process = start_fake()
    VocabularyService(graph).start("slow mug")
    time.sleep(0.5)
    process.interrupt()
    assert process.wait(4) == 0
    assert "Traceback" not in process.log
