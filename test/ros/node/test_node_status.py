"""The typed status on ~/status, over real DDS."""

import math
import time
from functools import partial

import numpy as np
import pytest
from graph import LATCHED, image_publisher, squares, stamp_of
from lifecycle_msgs.srv import ChangeState
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

from eovseg_ros.msg import PanopticSegmentation, Status

CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE = 1, 2, 3, 4
NUMBERS = ("latency_p50", "latency_p90", "latency_p99", "model_time", "ros_path_time", "waiting_time")


def publish_until(graph, publisher, condition, what, rgb=None):
    def tried():
        publisher.publish(graph.picture(squares((1, 0)) if rgb is None else rgb))
        time.sleep(0.03)
        return condition()

    return graph.wait(tried, what=what)


@pytest.mark.parametrize("use_sim_time", [False, True])
def test_rates_counters_and_times_while_frames_go_through(graph, start_fake, monkeypatch, use_sim_time):
    """With use_sim_time and no /clock too, where ROS time stands still."""
    monkeypatch.setenv("FAKE_SECONDS", "0.06")  # images come twice as fast
    statuses = graph.collect(Status, "/eovseg/status")
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    start_fake(diagnostics_rate=10.0, use_sim_time=use_sim_time)
    publisher = image_publisher(graph)
    publish_until(
        graph, publisher, lambda: len(segments) > 20 and statuses[-1].cameras[0].published > 20, "20 frames"
    )
    status = statuses[-1]
    (camera,) = status.cameras
    assert status.state == Status.STATE_ACTIVE
    assert (camera.image_topic, status.device) == ("/image", "cpu")
    assert (status.backend, status.precision, status.serving) == ("fake", "fp32", "fake")
    assert (status.engine_stage, status.engine_seconds, status.engine_error) == (Status.ENGINE_NONE, 0.0, "")
    assert (status.vocabulary_version, status.vocabulary_state) == (1, Status.VOCABULARY_LIVE)
    assert status.vocabulary_entries == ["cup", "ball", "floor|stuff"]
    assert (status.vocabulary_error, camera.image_error, camera.frame_error) == ("", "", "")
    assert (camera.bad_images, camera.failed_frames) == (0, 0)
    assert 0 <= camera.received - camera.published - camera.replaced <= 2  # in the mailbox, in the model
    assert camera.replaced > 0
    assert camera.rate_in > 1.2 * camera.rate_out > 0
    assert 60 <= camera.model_time < camera.latency_p50 <= camera.latency_p90 <= camera.latency_p99 < 2000
    assert camera.ros_path_time >= camera.waiting_time >= 0
    assert camera.latency_p50 == pytest.approx(camera.model_time + camera.ros_path_time, rel=0.3)
    assert math.isnan(camera.overlay_time)  # nobody subscribes
    assert 0 <= camera.image_age < 1


def test_a_late_subscriber_gets_the_last_status_at_once(graph, start_fake):
    seen = graph.collect(Status, "/eovseg/status")
    start_fake(diagnostics_rate=0.25)  # the next one is 4 s away
    graph.wait(lambda: seen, 8, "the first status")
    late = graph.collect(Status, "/eovseg/status", LATCHED)
    graph.wait(lambda: late, 3, "the status before")
    assert stamp_of(late[0]) == stamp_of(seen[-1])
    (endpoint,) = graph.node.get_publishers_info_by_topic("/eovseg/status")
    assert endpoint.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert endpoint.qos_profile.reliability == ReliabilityPolicy.RELIABLE


def has_stage(statuses, stage):
    return statuses and statuses[-1].engine_stage == stage


def test_every_stage_of_an_engine(graph, start_fake):
    statuses = graph.collect(Status, "/eovseg/status")
    start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    for blue, stage, serving, seconds, error in (
        (5, Status.ENGINE_WAITING, "torch", 0.0, ""),
        (1, Status.ENGINE_BUILDING, "torch", 3.0, ""),
        (2, Status.ENGINE_READY, "fake", 4.5, ""),
        (3, Status.ENGINE_FAILED, "torch", 0.0, "RuntimeError: no compiler"),
        (4, Status.ENGINE_TOO_LARGE, "torch", 0.0, ""),
    ):
        rgb = np.zeros((60, 80, 3), np.uint8)
        rgb[0, 0, 2] = blue
        publish_until(graph, publisher, partial(has_stage, statuses, stage), f"stage {stage}", rgb)
        status = statuses[-1]
        assert (status.serving, status.engine_seconds, status.engine_error) == (serving, seconds, error)
        assert (status.backend, status.precision) == ("fake", "fp32")


def test_the_lifecycle_is_told_in_every_state(graph, start):
    statuses = graph.collect(Status, "/eovseg/status")
    parameters = {"autostart": False, "vocabulary": ["cup"], "diagnostics_rate": 10.0}
    start("fake_node", parameters=parameters)
    change = graph.node.create_client(ChangeState, "/eovseg/change_state")

    def reported(state):
        graph.wait(lambda: statuses and statuses[-1].state == state, what=f"state {state}")
        return statuses[-1]

    def transition(number):
        request = ChangeState.Request()
        request.transition.id = number
        assert graph.call(change, request).success

    def unconfigured():
        status = reported(Status.STATE_UNCONFIGURED)
        assert (status.backend, status.vocabulary_version, status.cameras[0].image_topic) == ("", 0, "")
        assert (status.vocabulary_state, status.vocabulary_entries) == (Status.VOCABULARY_NONE, [])
        assert all(math.isnan(getattr(status.cameras[0], name)) for name in NUMBERS)

    unconfigured()
    transition(CONFIGURE)
    status = reported(Status.STATE_INACTIVE)
    assert (status.backend, status.vocabulary_version, status.cameras[0].image_topic) == ("fake", 1, "")
    transition(ACTIVATE)
    assert reported(Status.STATE_ACTIVE).cameras[0].image_topic == "/image"
    transition(DEACTIVATE)
    reported(Status.STATE_INACTIVE)
    transition(CLEANUP)
    unconfigured()


def test_errors_are_told_and_taken_back(graph, start_fake):
    statuses = graph.collect(Status, "/eovseg/status")
    start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    magenta = np.zeros((60, 80, 3), np.uint8)
    magenta[0, 0] = 255, 0, 255  # the stand-in trips over it
    publish_until(
        graph, publisher, lambda: statuses and statuses[-1].cameras[0].frame_error, "a frame error", magenta
    )
    assert statuses[-1].cameras[0].frame_error == "RuntimeError: the model tripped"
    assert statuses[-1].cameras[0].failed_frames > 0
    publish_until(
        graph, publisher, lambda: not statuses[-1].cameras[0].frame_error, "the error to be taken back"
    )
    graph.set("/eovseg", vocabulary=["broken lamp"])
    graph.wait(lambda: statuses[-1].vocabulary_state == Status.VOCABULARY_FAILED, what="the failure")
    assert "the text tower tripped" in statuses[-1].vocabulary_error
    assert (statuses[-1].vocabulary_version, statuses[-1].vocabulary_entries) == (1, ["broken lamp"])
    graph.set("/eovseg", vocabulary=["slow lamp"])
    graph.wait(lambda: statuses[-1].vocabulary_state == Status.VOCABULARY_ENCODING, what="the encoding")
    assert (statuses[-1].vocabulary_version, statuses[-1].vocabulary_error) == (1, "")
    graph.wait(lambda: statuses[-1].vocabulary_state == Status.VOCABULARY_LIVE, what="the new vocabulary")
    assert (statuses[-1].vocabulary_version, statuses[-1].vocabulary_entries) == (2, ["slow lamp"])
