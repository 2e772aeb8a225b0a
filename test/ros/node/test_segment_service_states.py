"""~/segment in each state of the node, during transitions and at its end."""

import time

import numpy as np
import pytest
from graph import image_publisher, squares
from own_services import (
    ACTIVATE,
    ACTIVE_SHUTDOWN,
    CLEANUP,
    CONFIGURE,
    DEACTIVATE,
    SegmentService,
    answer_of,
    change,
    slow_picture,
)
from sensor_msgs.msg import Image

from eovseg_ros.msg import PanopticSegmentation


def test_the_states_of_the_node(graph, start):
    process = start("fake_node", parameters={"autostart": False, "vocabulary": ["cup"]})
    service = SegmentService(graph, process)
    picture = graph.picture(squares((3, 0)))
    unconfigured = "the node is not configured: `ros2 lifecycle set /eovseg configure` loads the model"
    assert service.refusal(picture) == unconfigured
    for transition, works in ((CONFIGURE, True), (ACTIVATE, True), (DEACTIVATE, True), (CLEANUP, False)):
        assert change(graph, transition)
        if works:
            assert service(picture).segmentation.segments[0].label == "cup"
        else:
            assert service.refusal(picture) == unconfigured
    assert change(graph, CONFIGURE) and service(picture).vocabulary.version == 2
    assert change(graph, 6)  # shutdown of an inactive node
    assert service.refusal(picture) == "the node was shut down for good: start it again"


def test_a_node_that_loads_its_model_says_so(graph, start, monkeypatch):
    monkeypatch.setenv("FAKE_LOAD_SECONDS", "3")
    process = start("fake_node", parameters={"vocabulary": ["cup"]})
    service = SegmentService(graph, process)
    process.wait_for_log("loading variant", 20)
    assert service.refusal(graph.picture(squares((3, 0)))) == (
        "the node is configuring: call again when that is over"
    )


@pytest.mark.parametrize("entries", [[], ["slow mug", *"abcdefgh"]], ids=["model", "text"])
def test_cleanup_answers_requests_at_once_and_the_next_model_serves_new_ones(graph, start_fake, entries):
    service = SegmentService(graph, start_fake())
    pending = [service.start(slow_picture(graph), *entries) for _ in range(3)]
    time.sleep(0.5)
    assert change(graph, DEACTIVATE)
    assert not any(future.done() for future in pending)
    started = time.monotonic()
    assert change(graph, CLEANUP)
    answers = [answer_of(graph, future, 1.0) for future in pending]
    assert time.monotonic() - started < 1.5
    assert {answer.message for answer in answers} == {
        "the node was cleaned up before the image was segmented"
    }
    assert change(graph, CONFIGURE)
    assert service(graph.picture(squares((5, 0)))).vocabulary.version == 2
    assert "Traceback" not in service.process.log


def test_a_shutdown_by_a_transition_answers_requests(graph, start_fake):
    service = SegmentService(graph, start_fake())
    pending = [service.start(slow_picture(graph)) for _ in range(2)]
    time.sleep(0.5)
    assert change(graph, ACTIVE_SHUTDOWN)
    answers = [answer_of(graph, future, 1.0) for future in pending]
    assert {a.message for a in answers} == {"the node was cleaned up before the image was segmented"}


def test_the_process_ends_while_requests_wait(graph, start_fake):
    service = SegmentService(graph, start_fake())
    for _ in range(3):
        service.start(slow_picture(graph))
    time.sleep(0.5)
    service.process.interrupt()
    assert service.process.wait(4) == 0
    assert "Traceback" not in service.process.log


def test_the_real_model_segments_as_it_does_on_the_stream(graph, start):
    """The same segments by both ways, apart from tracks and smoothing."""
    parameters = {"vocabulary": ["cup", "ball", "floor|stuff"], "backend": "torch", "tracking": False}
    process = start("eovseg_ros.node.main", parameters=parameters)
    process.wait_for_log("segmenting /image", 120)
    service = SegmentService(graph, process)
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    panoptic = graph.collect(Image, "/eovseg/panoptic")
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    rgb = np.full((96, 128, 3), 90, np.uint8)
    rgb[20:60, 30:80] = 200, 30, 30
    picture = graph.picture(rgb)
    graph.wait(lambda: publisher.publish(picture) or time.sleep(0.3) or (segments and panoptic), 30)
    answer = service(picture, seconds=30)
    assert answer.segmentation == segments[-1]
    assert answer.panoptic == panoptic[-1]
    own = service(picture, "cup", "ball", "floor|stuff", seconds=30)
    assert own.segmentation.segments == segments[-1].segments
