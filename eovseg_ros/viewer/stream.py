"""The loop of `eovseg-ros rerun`."""

from collections.abc import Sequence
from importlib.util import find_spec

import rclpy
from rclpy.node import Node

from eovseg_ros.clients import ClientError, NodeClient
from eovseg_ros.msg import Status
from eovseg_ros.viewer.camera.stream import CameraStream
from eovseg_ros.viewer.destination import Destination
from eovseg_ros.viewer.layout import layout
from eovseg_ros.viewer.node_log import NodeLog
from eovseg_ros.viewer.recorder import Recorder
from eovseg_ros.viewer.stamps import stamp_of

_MISSING = "rerun-sdk is missing: pip install 'eovseg_model[rerun]', or 'rerun-sdk>=0.41,<0.42'"


def stream(
    node: Node,
    client: NodeClient,
    target: str,
    *,
    cameras: Sequence[str],
    destination: Destination,
    seconds: float,
) -> None:
    """Send what the node `target` publishes to `destination` until ROS is shut down.

    While the viewer is slow, messages are dropped, oldest first; nothing is queued in this process.

    Args:
        cameras: Names from the parameter cameras; empty for all.
        seconds: How long to wait for the node.

    Raises ClientError if rerun-sdk, the node, a camera or the viewer is missing.
    """
    if find_spec("rerun") is None:
        raise ClientError(_MISSING)
    status = client.get_status(seconds)
    chosen = _choose(cameras, status, target)
    if status.vocabulary_version:
        client.get_vocabulary(seconds)  # so that the first frames have names
    recorder = Recorder(destination, client.wait)
    recorder.show(layout(chosen, live=destination.file is None))
    log = NodeLog(recorder, target)
    streams = {
        name: CameraStream(node, target, name, recorder, vocabulary=client.vocabularies.get, warn=log.warn)
        for name in chosen
    }
    print(f"streaming {target} to {recorder.description}  (Ctrl-C ends it)", flush=True)
    taken: Status | None = None
    try:
        while rclpy.ok():
            if client.status is not taken and (taken := client.status):
                _take(taken, log, streams)
            log.check()
            if recorder.flush():
                rclpy.spin_once(node, timeout_sec=0.2)
            else:
                log.wait_anew()
    finally:
        recorder.close()


def _take(status: Status, log: NodeLog, streams: dict[str, CameraStream]) -> None:
    log.take_status(status)
    for camera in status.cameras:
        if camera.name in streams:
            streams[camera.name].take_status(camera, stamp_of(status))


def _choose(cameras: Sequence[str], status: Status, target: str) -> list[str]:
    names = [camera.name for camera in status.cameras]
    for wanted in cameras:
        if wanted not in names:
            known = ", ".join(filter(None, names)) or "one camera without a name: leave --camera out"
            raise ClientError(f"{target} has no camera {wanted!r}; it has {known}")
    return [name for name in names if name in cameras] if cameras else names
