"""A snapshot of the node's status."""

import enum
from dataclasses import dataclass

from eovseg_model.backends import BackendStatus
from eovseg_ros.msg import Status
from eovseg_ros.node.live_vocabulary import VocabularyStatus
from eovseg_ros.node.reporting.frame_statistics import FrameReport


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
    image_topic: str  # empty unless active
    silence: str  # why no image has come for some seconds, empty while they come
    lost: int  # images published but not received, estimated from gaps in their stamps
    frames: FrameReport
    replaced: int  # images dropped for newer ones
    device: str
    backend: BackendStatus | None  # None unless configured
    vocabulary: VocabularyStatus | None  # None unless configured
    image_error: str  # why the last image could not be read
    frame_error: str  # why a thread, the last frame or its overlay failed
    frame_seconds: float  # processing time so far of the oldest frame in progress, 0 without one
    skipped_overlays: int  # frames that were replaced by newer ones before their overlay was drawn
