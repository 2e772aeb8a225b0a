"""The pose of a camera in the frame of positions."""

from typing import Any

from rclpy.node import Node

from eovseg_ros.messages import SpaceError
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.node import TargetFrame


class CameraPose:
    """Looks the pose up in tf2 if positions are in another frame than that of the camera."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._frame: TargetFrame | None = None
        self._failed: dict[str, str] = {}  # frame -> why it cannot be looked up

    def find(self, message: PanopticSegmentation) -> tuple[Any | None, str]:
        """Return position_frame from camera as a transform of Rerun, or None and the reason."""
        import rerun as rr

        wanted = message.position_frame
        if wanted == message.header.frame_id:
            return rr.Transform3D(translation=(0, 0, 0), mat3x3=((1, 0, 0), (0, 1, 0), (0, 0, 1))), ""
        if wanted not in self._failed and (self._frame is None or self._frame.frame_id != wanted.lstrip("/")):
            if self._frame:
                self._frame.close()
            try:
                self._frame = TargetFrame(self._node, wanted)
            except ValueError as error:
                self._frame, self._failed[wanted] = None, f"no pose of the camera: {error}"
        if self._frame is None:
            return None, self._failed[wanted]
        try:
            matrix = self._frame.camera_in_target(message.header)
        except SpaceError as error:
            return None, str(error)
        return rr.Transform3D(translation=matrix[:3, 3], mat3x3=matrix[:3, :3]), ""
