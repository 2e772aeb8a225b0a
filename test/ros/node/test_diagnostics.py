"""The node's status as messages: every field, and the level and summary of the worst problem."""

import dataclasses

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus

from eovseg_model.backends import BackendStatus, EngineStage
from eovseg_ros.msg import Status
from eovseg_ros.node.live_vocabulary import VocabularyState, VocabularyStatus
from eovseg_ros.node.reporting.diagnostics import diagnostic_message
from eovseg_ros.node.reporting.engine_watch import EngineWatch
from eovseg_ros.node.reporting.frame_statistics import FrameReport
from eovseg_ros.node.reporting.node_status import NodeState, NodeStatus
from eovseg_ros.node.reporting.status_message import status_message

STAMP = Time(sec=12, nanosec=34)
FRAMES = FrameReport(
    received=101,
    published=102,
    bad=103,
    failed=104,
    drawn=105,
    rate_in=15.25,
    rate_out=14.5,
    latency_p50_ms=50.25,
    latency_p90_ms=90.25,
    latency_p99_ms=99.25,
    waiting_ms=1.5,
    model_ms=40.5,
    ros_path_ms=2.5,
    overlay_ms=3.5,
    age=0.25,
)
BACKEND = BackendStatus(
    backend="openvino", precision="bf16", serving="openvino", stage=EngineStage.READY, build_seconds=9.0
)
VOCABULARY = VocabularyStatus(7, ("mug,cup", "floor|stuff"), VocabularyState.LIVE, "")
WELL = NodeStatus(
    state=NodeState.ACTIVE,
    image_topic="/image",
    silence="",
    lost=106,
    frames=FRAMES,
    replaced=107,
    device="cpu",
    backend=BACKEND,
    vocabulary=VOCABULARY,
    image_error="",
    frame_error="",
    frame_seconds=0.75,
    skipped_overlays=108,
)
UNCONFIGURED = dataclasses.replace(
    WELL, state=NodeState.UNCONFIGURED, image_topic="", device="", backend=None, vocabulary=None
)


def changed(**fields) -> NodeStatus:
    return dataclasses.replace(WELL, **fields)


def failing(error: str) -> VocabularyStatus:
    return dataclasses.replace(VOCABULARY, state=VocabularyState.FAILED, error=error)


def test_every_field_of_the_status():
    status = changed(image_error="bad image", frame_error="bad frame", vocabulary=failing("bad class"))
    message = status_message(STAMP, status)
    assert message.header.stamp == STAMP
    assert (message.state, message.image_topic, message.device) == (Status.STATE_ACTIVE, "/image", "cpu")
    assert (message.rate_in, message.rate_out, message.image_age) == (15.25, 14.5, 0.25)
    counts = (message.received, message.published, message.bad_images, message.failed_frames)
    assert (*counts, message.lost, message.replaced) == (101, 102, 103, 104, 106, 107)
    assert (message.latency_p50, message.latency_p90, message.latency_p99) == (50.25, 90.25, 99.25)
    times = (message.model_time, message.ros_path_time, message.waiting_time, message.overlay_time)
    assert times == (40.5, 2.5, 1.5, 3.5)
    assert (message.backend, message.precision, message.serving) == ("openvino", "bf16", "openvino")
    assert (message.engine_stage, message.engine_seconds) == (Status.ENGINE_READY, 9.0)
    assert (message.vocabulary_version, message.vocabulary_state) == (7, Status.VOCABULARY_FAILED)
    assert message.vocabulary_entries == ["mug,cup", "floor|stuff"]
    errors = (message.image_error, message.frame_error, message.vocabulary_error)
    assert errors == ("bad image", "bad frame", "bad class")


def test_a_node_that_is_not_configured_has_neither_backend_nor_vocabulary():
    message = status_message(STAMP, UNCONFIGURED)
    assert (message.backend, message.vocabulary_version, message.vocabulary_entries) == ("", 0, [])
    (written,) = diagnostic_message(STAMP, "eovseg", UNCONFIGURED).status
    values = {value.key: value.value for value in written.values}
    assert (values["backend"], values["vocabulary version"], values["vocabulary state"]) == ("", "0", "")
    assert values["vocabulary error"] == ""


@pytest.mark.parametrize("state", VocabularyState)
def test_every_state_of_a_vocabulary_has_its_number(state):
    message = status_message(STAMP, changed(vocabulary=dataclasses.replace(VOCABULARY, state=state)))
    assert message.vocabulary_state == getattr(Status, f"VOCABULARY_{state.name}")


@pytest.mark.parametrize("state", NodeState)
def test_every_state_of_the_node_has_its_number_and_words(state):
    assert status_message(STAMP, changed(state=state)).state == getattr(Status, f"STATE_{state.name}")
    assert state.words == state.name.lower().replace("_", " ") and "_" not in state.words


def test_every_value_of_the_diagnostics():
    message = diagnostic_message(STAMP, "/eovseg: segmentation", WELL)
    (written,) = message.status
    assert message.header.stamp == STAMP
    assert (written.name, written.hardware_id) == ("/eovseg: segmentation", "cpu")
    assert {value.key: value.value for value in written.values} == {
        "state": "active",
        "input topic": "/image",
        "rate in (Hz)": "15.2",
        "rate out (Hz)": "14.5",
        "received": "101",
        "published": "102",
        "dropped, replaced by a newer one": "107",
        "lost before they arrived": "106",
        "bad images": "103",
        "failed frames": "104",
        "latency, median (ms)": "50.2",
        "latency, 90th percentile (ms)": "90.2",
        "latency, 99th percentile (ms)": "99.2",
        "model time, median (ms)": "40.5",
        "ROS path, median (ms)": "2.5",
        "of it waiting, median (ms)": "1.5",
        "overlay drawing, median (ms)": "3.5",
        "overlays drawn": "105",
        "overlays skipped, replaced by a newer one": "108",
        "frame in progress for (s)": "0.8",
        "last image ago (s)": "0.2",
        "vocabulary version": "7",
        "vocabulary state": "live",
        "backend": "openvino bf16: engine ready on cpu",
        "vocabulary error": "",
        "image error": "",
        "frame error": "",
    }


FAILED = dataclasses.replace(BACKEND, stage=EngineStage.FAILED, serving="torch", error="no memory")
LONG = {"frame_seconds": 5.5}


@pytest.mark.parametrize(
    ("status", "level", "summary"),
    [
        (WELL, DiagnosticStatus.OK, "14.5 frames/s"),
        (UNCONFIGURED, DiagnosticStatus.OK, "unconfigured"),
        (changed(state=NodeState.INACTIVE, **LONG), DiagnosticStatus.OK, "inactive"),
        (changed(frame_seconds=5.0), DiagnosticStatus.OK, "14.5 frames/s"),
        (changed(backend=None), DiagnosticStatus.OK, "14.5 frames/s"),
        (changed(**LONG, silence="no camera"), DiagnosticStatus.WARN, "frame in progress for 6 s"),
        (
            changed(silence="no camera", image_error="odd step"),
            DiagnosticStatus.WARN,
            "no images on /image: no camera",
        ),
        (
            changed(image_error="odd step", backend=FAILED),
            DiagnosticStatus.WARN,
            "images are skipped: odd step",
        ),
        (
            changed(backend=FAILED),
            DiagnosticStatus.WARN,
            "backend openvino bf16: engine failed: no memory; torch is used instead",
        ),
        (
            changed(vocabulary=failing("bad class"), frame_error="bad frame", **LONG),
            DiagnosticStatus.ERROR,
            "bad class",
        ),
        (changed(frame_error="bad frame", **LONG), DiagnosticStatus.ERROR, "bad frame"),
        (changed(state=NodeState.INACTIVE, frame_error="x"), DiagnosticStatus.ERROR, "x"),
    ],
)
def test_the_worst_problem_is_the_summary(status, level, summary):
    (written,) = diagnostic_message(STAMP, "eovseg", status).status
    assert (written.level, written.message) == (level, summary)


class Log:
    def __init__(self):
        self.lines = []

    def info(self, text):
        self.lines.append(("info", text))

    def error(self, text):
        self.lines.append(("error", text))


def test_an_engine_that_is_ready_or_failed_is_told_once():
    log = Log()
    watch = EngineWatch(log)
    building = dataclasses.replace(BACKEND, stage=EngineStage.BUILDING)
    ready = ("info", "backend openvino bf16: engine ready")
    failed = ("error", "backend openvino bf16: engine failed: no memory; torch is used instead")
    for status, lines in [
        (None, []),
        (building, []),
        (BACKEND, [ready]),
        (BACKEND, []),
        (FAILED, [failed]),
        (FAILED, []),
        (None, []),
        (BACKEND, [ready]),
    ]:
        log.lines.clear()
        watch.look(status)
        assert log.lines == lines
