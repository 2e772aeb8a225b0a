"""What the node is doing, for a person who wants to see pictures."""

from enum import Enum
from typing import NamedTuple

from eovseg_ros.msg import CameraStatus, Status

SILENT_AFTER = 5.0  # seconds without an image, the time that rates cover
LONGEST_PERIOD = 10.0  # seconds between two statuses: diagnostics_rate is 0.1 Hz or more
_LEAST_PATIENCE = 3.0  # seconds; a busy node may send a status late
_CHANGING = {
    Status.STATE_CONFIGURING: "loading the model and encoding the vocabulary",
    Status.STATE_CLEANING_UP: "releasing the model",
    Status.STATE_SHUTTING_DOWN: "shutting down",
    Status.STATE_ACTIVATING: "activating",
    Status.STATE_DEACTIVATING: "deactivating",
}


class Kind(Enum):
    """What a person can do about it depends on this."""

    MISSING = "not there"
    UNCONFIGURED = "unconfigured"
    INACTIVE = "inactive"
    CHANGING = "changing"
    SILENT = "no images"
    ACTIVE = "active"
    FINALIZED = "shut down"


class NodeState(NamedTuple):
    """A state with a sentence on what it means, and what to do."""

    kind: Kind
    text: str


def judge(
    name: str,
    *,
    publishers: int,
    status: Status | None,
    age: float,
    period: float,
    camera: str,
    hint: str,
) -> NodeState:
    """Return the state of the node `name`, as seen by a viewer of one camera.

    Args:
        publishers: number of publishers of ~/status.
        status: the newest message, None without any.
        age: seconds since it came.
        period: seconds between the last two.
        camera: name of the camera.
        hint: the node's own words on why it gets no images, empty if it has none.
    """
    if not publishers:
        return NodeState(
            Kind.MISSING,
            f"There is no node {name} in this ROS domain. Start it, or give its name with --node.",
        )
    # The publisher of a node that was killed stays in the graph for a while.
    if status is None or age > max(_LEAST_PATIENCE, 3 * period):
        return NodeState(
            Kind.MISSING, f"The node {name} sends no status. It hangs, has ended or has just begun."
        )
    if status.state == Status.STATE_UNCONFIGURED:
        return NodeState(Kind.UNCONFIGURED, "The node has not loaded its model yet.")
    if status.state == Status.STATE_INACTIVE:
        return NodeState(Kind.INACTIVE, "The model is loaded, but the node does not process images.")
    if status.state == Status.STATE_FINALIZED:
        return NodeState(Kind.FINALIZED, "The node was shut down for good. Start it again.")
    if status.state != Status.STATE_ACTIVE:
        return NodeState(Kind.CHANGING, f"The node is {_CHANGING.get(status.state, 'changing its state')}.")
    return _judge_camera(camera_of(status, camera), hint)


def camera_of(status: Status | None, name: str) -> CameraStatus | None:
    """Return the status of a camera; None if the node has no such camera."""
    return next((one for one in status.cameras if one.name == name), None) if status else None


def _judge_camera(camera: CameraStatus | None, hint: str) -> NodeState:
    if camera is None:
        return NodeState(Kind.SILENT, "The node has no such camera; choose another.")
    if camera.image_age > SILENT_AFTER:
        words = hint or f"no images on {camera.image_topic} for {camera.image_age:.0f} s"
        return NodeState(Kind.SILENT, f"The camera is silent: {words}")
    return NodeState(Kind.ACTIVE, "")
