"""The node's status as messages: every field, and the level and summary of the worst problem."""

import dataclasses

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus

from eovseg_model.backends import BackendStatus, EngineStage
from eovseg_ros.msg import Status
from eovseg_ros.node.live_vocabulary import VocabularyState, VocabularyStatus
from eovseg_ros.node.reporting.camera_report import CameraReport
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
    with_depth=109,
    without_depth=110,
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
CAMERA = CameraReport(
    name="",
    image_topic="/image",
    depth_topic="/depth",
    silence="",
    lost=106,
    frames=FRAMES,
    replaced=107,
    image_error="",
    depth_error="",
    frame_error="",
    frame_seconds=0.75,
    skipped_overlays=108,
)
WELL = NodeStatus(
    state=NodeState.ACTIVE,
    device="cpu",
    backend=BACKEND,
    vocabulary=VOCABULARY,
    thread_error="",
    cameras=(CAMERA,),
)
UNCONFIGURED = dataclasses.replace(
    WELL,
    state=NodeState.UNCONFIGURED,
    device="",
    backend=None,
    vocabulary=None,
    cameras=(dataclasses.replace(CAMERA, image_topic="", depth_topic=""),),
)


def changed(**fields) -> NodeStatus:
    """A status with other fields, of the node or of its camera."""
    names = {field.name for field in dataclasses.fields(CameraReport)}
    camera = dataclasses.replace(CAMERA, **{name: fields.pop(name) for name in names & fields.keys()})
    return dataclasses.replace(WELL, cameras=(camera,), **fields)


def failing(error: str) -> VocabularyStatus:
    return dataclasses.replace(VOCABULARY, state=VocabularyState.FAILED, error=error)


def test_every_field_of_the_status():
    status = changed(
        image_error="bad image",
        depth_error="bad depth",
        frame_error="bad frame",
        thread_error="bad thread",
        vocabulary=failing("bad class"),
    )
    message = status_message(STAMP, status)
    (camera,) = message.cameras
    assert message.header.stamp == STAMP
    assert (message.state, camera.image_topic, message.device) == (Status.STATE_ACTIVE, "/image", "cpu")
    assert (camera.rate_in, camera.rate_out, camera.image_age) == (15.25, 14.5, 0.25)
    counts = (camera.received, camera.published, camera.bad_images, camera.failed_frames)
    assert (*counts, camera.lost, camera.replaced) == (101, 102, 103, 104, 106, 107)
    assert (camera.latency_p50, camera.latency_p90, camera.latency_p99) == (50.25, 90.25, 99.25)
    times = (camera.model_time, camera.ros_path_time, camera.waiting_time, camera.overlay_time)
    assert (camera.name, camera.depth_topic) == ("", "/depth")
    assert (camera.frames_with_depth, camera.frames_without_depth) == (109, 110)
    assert times == (40.5, 2.5, 1.5, 3.5)
    assert (message.backend, message.precision, message.serving) == ("openvino", "bf16", "openvino")
    assert (message.engine_stage, message.engine_seconds) == (Status.ENGINE_READY, 9.0)
    assert (message.vocabulary_version, message.vocabulary_state) == (7, Status.VOCABULARY_FAILED)
    assert message.vocabulary_entries == ["mug,cup", "floor|stuff"]
    errors = (camera.image_error, camera.depth_error, camera.frame_error, message.vocabulary_error)
    assert errors == ("bad image", "bad depth", "bad frame", "bad class")
    assert message.thread_error == "bad thread"


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
    message = diagnostic_message(STAMP, "/eovseg", WELL)
    (written,) = message.status
    assert message.header.stamp == STAMP
    assert (written.name, written.hardware_id) == ("/eovseg: segmentation", "cpu")
    assert {value.key: value.value for value in written.values} == {
        "state": "active",
        "input topic": "/image",
        "depth topic": "/depth",
        "rate in (Hz)": "15.2",
        "rate out (Hz)": "14.5",
        "received": "101",
        "published": "102",
        "published with depth": "109",
        "published without depth": "110",
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
        "depth error": "",
        "frame error": "",
        "thread error": "",
    }


def test_each_camera_has_an_entry_with_its_own_level():
    rear = dataclasses.replace(CAMERA, name="rear", image_error="odd step")
    status = dataclasses.replace(WELL, cameras=(dataclasses.replace(CAMERA, name="front"), rear))
    entries = diagnostic_message(STAMP, "/eovseg", status).status
    assert [(entry.name, entry.level) for entry in entries] == [
        ("/eovseg: segmentation of front", DiagnosticStatus.OK),
        ("/eovseg: segmentation of rear", DiagnosticStatus.WARN),
    ]
    assert [camera.name for camera in status_message(STAMP, status).cameras] == ["front", "rear"]


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
        (changed(thread_error="bad thread", frame_error="bad frame"), DiagnosticStatus.ERROR, "bad thread"),
        (changed(depth_error="no depth", backend=FAILED), DiagnosticStatus.WARN, "no positions: no depth"),
        (
            changed(depth_error="no depth", image_error="odd"),
            DiagnosticStatus.WARN,
            "images are skipped: odd",
        ),
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
