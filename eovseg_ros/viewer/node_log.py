"""What happens to the node, as lines of a log and on stderr."""

import math
import sys
import time
from collections.abc import Iterator

from eovseg_ros.msg import Status
from eovseg_ros.viewer.paths import LOG
from eovseg_ros.viewer.recorder import Recorder
from eovseg_ros.viewer.stamps import stamp_of

_SILENCE = 12.0  # seconds without a status; nodes publish it every 10 s at least
_REPEATED = 10.0  # seconds until an error of the same kind is logged again


class NodeLog:
    """Logs changes of the state, vocabularies, and errors; each error once while it lasts."""

    def __init__(self, recorder: Recorder, target: str) -> None:
        self._recorder = recorder
        self._target = target
        self._said: dict[str, str] = {}  # by topic of a line
        self._warned: dict[str, float] = {}  # kind -> time
        self._newest = 0  # stamp
        self._received = time.monotonic()

    def take_status(self, status: Status) -> None:
        """Log what has changed."""
        self._newest = stamp_of(status)
        self._received = time.monotonic()
        for topic, text, level in _lines(status):
            self._say(topic, text, level)

    def check(self) -> None:
        """Log a warning if there has been no status for some time."""
        if time.monotonic() - self._received > _SILENCE:
            gone = f"no status from {self._target} for {_SILENCE:.0f} s: has the node ended?"
            self._say("state", gone, "WARN")

    def wait_anew(self) -> None:
        """Wait for a status from now on, after a time in which none could be received."""
        self._received = time.monotonic()

    def warn(self, text: str) -> None:
        """Log an error of a message; of those with the same words before a colon, one in some seconds."""
        kind, now = text.partition(":")[0], time.monotonic()
        if now - self._warned.get(kind, -math.inf) >= _REPEATED:
            self._warned[kind] = now
            self._log(text, "WARN")

    def _say(self, topic: str, text: str, level: str) -> None:
        if text != self._said.get(topic, ""):
            self._said[topic] = text
            if text:
                self._log(text, level)

    def _log(self, text: str, level: str) -> None:
        import rerun as rr

        self._recorder.log(self._newest, LOG, rr.TextLog(text, level=level))
        if level != "INFO":
            print(f"eovseg-ros rerun: {text}", file=sys.stderr, flush=True)


def _lines(status: Status) -> Iterator[tuple[str, str, str]]:
    """Return topic, text and level; an empty text says that all is well."""
    active = status.state == Status.STATE_ACTIVE
    yield (
        "state",
        "the node is active" if active else "the node is not active: eovseg-ros enable activates it",
        "INFO" if active else "WARN",
    )
    live = f"vocabulary {status.vocabulary_version} is live"
    yield "vocabulary", live if status.vocabulary_version else "", "INFO"
    yield "vocabulary error", status.vocabulary_error, "ERROR"
    yield "engine error", status.engine_error, "ERROR"
    yield "thread error", status.thread_error, "ERROR"
    for camera in status.cameras:
        name = f"{camera.name}: " if camera.name else ""
        for topic, text in (
            ("image", camera.image_error),
            ("depth", camera.depth_error),
            ("frame", camera.frame_error),
        ):
            yield f"{camera.name} {topic}", f"{name}{topic}: {text}" if text else "", "WARN"
