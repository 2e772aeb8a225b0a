"""What the node says of itself becomes lines of a log, each once."""

import pytest

from eovseg_ros.msg import CameraStatus, Status
from eovseg_ros.viewer import node_log
from eovseg_ros.viewer.node_log import NodeLog

pytestmark = pytest.mark.usefixtures("stand_in")
ACTIVE, INACTIVE = "the node is active", "the node is not active: eovseg-ros enable activates it"


class Recorder:
    def __init__(self):
        self.lines = []

    def log(self, stamp, path, line):
        assert path == "log"
        self.lines.append((stamp, line.values["level"], line.values["text"]))

    def take(self):
        lines, self.lines = self.lines, []
        return lines


@pytest.fixture
def clock(monkeypatch):
    """The time, which a test sets."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(node_log, "time", clock)
    return clock


@pytest.fixture
def log(clock):
    recorder = Recorder()
    return NodeLog(recorder, "/eovseg"), recorder


def status(seconds=0, **values):
    message = Status(state=Status.STATE_ACTIVE, **values)
    message.header.stamp.sec = seconds
    return message


def test_a_change_is_a_line_with_the_stamp_of_its_status(log, capsys):
    log, recorder = log
    log.take_status(status(1, vocabulary_version=4))
    assert recorder.take() == [(10**9, "INFO", ACTIVE), (10**9, "INFO", "vocabulary 4 is live")]
    log.take_status(status(2, vocabulary_version=4))
    assert recorder.take() == [] and capsys.readouterr().err == ""
    for state in (Status.STATE_INACTIVE, Status.STATE_DEACTIVATING):
        message = status(3, vocabulary_version=5)
        message.state = state
        log.take_status(message)
    assert recorder.take() == [(3 * 10**9, "WARN", INACTIVE), (3 * 10**9, "INFO", "vocabulary 5 is live")]
    assert capsys.readouterr().err == f"eovseg-ros rerun: {INACTIVE}\n"


def test_an_error_is_told_again_after_it_was_gone(log):
    log, recorder = log
    log.take_status(status())
    recorder.take()
    for error, expected in (("a", ["a"]), ("a", []), ("", []), ("a", ["a"]), ("b", ["b"])):
        log.take_status(status(thread_error=error))
        assert [(level, text) for _, level, text in recorder.take()] == [("ERROR", one) for one in expected]


def test_errors_of_cameras_have_their_names(log):
    log, recorder = log
    cameras = [
        CameraStatus(name="front", image_error="no images"),
        CameraStatus(name="rear", depth_error="no depth", frame_error="the model tripped"),
    ]
    log.take_status(status(cameras=cameras))
    assert [text for _, level, text in recorder.take() if level == "WARN"] == [
        "front: image: no images",
        "rear: depth: no depth",
        "rear: frame: the model tripped",
    ]
    log.take_status(status(cameras=[CameraStatus(image_error="no images")]))
    assert [text for _, level, text in recorder.take() if level == "WARN"] == ["image: no images"]


def test_a_node_that_says_nothing_is_told_once(log, clock):
    log, recorder = log
    log.take_status(status(7))
    recorder.take()
    clock.now += 11.9  # one status in 10 s is the least that a node publishes
    log.check()
    assert recorder.take() == []
    for _ in range(3):
        clock.now += 0.2
        log.check()
    gone = "no status from /eovseg for 12 s: has the node ended?"
    assert recorder.take() == [(7 * 10**9, "WARN", gone)]
    log.take_status(status(8))
    assert recorder.take() == [(8 * 10**9, "INFO", ACTIVE)]


def test_a_node_that_nobody_listened_to_is_not_called_silent(log, clock):
    log, recorder = log
    log.take_status(status(7))
    recorder.take()
    clock.now += 60
    log.wait_anew()
    log.check()
    assert recorder.take() == []
    clock.now += 12.1
    log.check()
    assert len(recorder.take()) == 1


def test_errors_of_a_kind_are_told_once_in_ten_seconds(log, clock):
    log, recorder = log
    for seconds, text in ((0, "points: 1"), (1, "points: 2"), (1, "image: 1"), (9, "points: 3")):
        clock.now = 1000.0 + seconds
        log.warn(text)
    clock.now = 1010.0
    log.warn("points: 4")
    assert [text for _, _, text in recorder.take()] == ["points: 1", "image: 1", "points: 4"]
