"""A snapshot of the node's status."""

import enum
from dataclasses import dataclass

from eovseg_model.backends import BackendStatus
from eovseg_ros.msg import Status
from eovseg_ros.node.live_vocabulary import VocabularyStatus
from eovseg_ros.node.reporting.camera_report import CameraReport


class NodeState(enum.IntEnum):
    """The lifecycle state, with the numbers of the message."""

    UNCONFIGURED = Status.STATE_UNCONFIGURED
    INACTIVE = Status.STATE_INACTIVE
    ACTIVE = Status.STATE_ACTIVE
    FINALIZED = Status.STATE_FINALIZED
    CONFIGURING = Status.STATE_CONFIGURING
    CLEANING_UP = Status.STATE_CLEANING_UP
    SHUTTING_DOWN = Status.STATE_SHUTTING_DOWN
    ACTIVATING = Status.STATE_ACTIVATING
    DEACTIVATING = Status.STATE_DEACTIVATING

    @property
    def words(self) -> str:
        """For example "cleaning up"."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, kw_only=True)
class NodeStatus:
    """The content of ~/status and /diagnostics."""

    state: NodeState
    device: str
    backend: BackendStatus | None  # None unless configured
    vocabulary: VocabularyStatus | None  # None unless configured
    thread_error: str  # why a worker's thread failed
    cameras: tuple[CameraReport, ...]
