"""The space of one image, from the depth image and calibration that are nearest in time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from eovseg_model.geometry import CameraModel, GeometryError, same_aspect
from eovseg_ros.messages import FrameSpace, ImageError, SpaceError, camera_model, image_to_array
from eovseg_ros.node.space.nearest_in_time import Nearest

if TYPE_CHECKING:  # recordings are paired without ROS
    from sensor_msgs.msg import CameraInfo, Image
    from std_msgs.msg import Header

    from eovseg_ros.node.space.target_frame import TargetFrame

_ENCODINGS = ("16UC1", "mono16", "32FC1")  # drivers also name millimetres mono16
_MOST_CHARACTERS = 60  # of a text from a message
_REGISTER = (
    "register the depth to the colour image (RealSense: align_depth.enable:=true and the topic "
    "aligned_depth_to_color/image_raw)"
)


class Source(Protocol):
    """A topic that may be silent."""

    @property
    def topic(self) -> str:
        """Resolved name."""
        ...

    @property
    def silence(self) -> str:
        """Why no message has arrived for some seconds; empty while messages arrive."""
        ...


@dataclass(frozen=True, kw_only=True)
class SpaceSettings:
    """What the images of a camera have in common."""

    depth: Source
    camera_info: Source
    tolerance: Callable[[], float]  # between the stamps of image and depth, seconds
    rectified: bool
    target: "TargetFrame | None"


class DepthMatch:
    """The depth image and the calibration of an image; they may arrive after it, until `space` is called."""

    def __init__(
        self,
        header: "Header",
        depth: "Nearest[Image]",
        camera_info: "Nearest[CameraInfo]",
        settings: SpaceSettings,
    ) -> None:
        self._header = header
        self._depth = depth
        self._camera_info = camera_info
        self._settings = settings

    def space(self, image_shape: tuple[int, int]) -> FrameSpace:
        """Return the space of the image (H, W), without a copy of the depth.

        Raises SpaceError if depth, calibration or transform is missing or does not fit.
        """
        size = (image_shape[1], image_shape[0])
        depth = self._find_depth(size)
        camera = self._find_camera({"image": size, "depth": (depth.shape[1], depth.shape[0])})
        target = self._settings.target
        frame_id = self._header.frame_id
        if target is None or target.frame_id == frame_id.lstrip("/"):
            return FrameSpace(depth, camera, frame_id)
        return FrameSpace(depth, camera, target.frame_id, target.camera_in_target(self._header))

    def _find_depth(self, size: tuple[int, int]) -> np.ndarray:
        source, found = self._settings.depth, self._depth.found
        if found is None:
            raise SpaceError(f"no depth image on {source.topic}: {source.silence or 'none has arrived yet'}")
        message, distance = found
        tolerance = self._settings.tolerance()
        if distance > tolerance:
            if source.silence:
                raise SpaceError(f"no depth image on {source.topic}: {source.silence}")
            raise SpaceError(
                f"the nearest depth image on {source.topic} is {_in_words(distance)} from the image, more "
                f"than depth_tolerance ({tolerance:g} s); synchronise both cameras, or raise depth_tolerance"
            )
        own, other = self._header.frame_id.lstrip("/"), message.header.frame_id.lstrip("/")
        if own != other:
            raise SpaceError(
                f"depth is in frame {_quoted(other)}, the image in frame {_quoted(own)}; {_REGISTER}"
            )
        depth = _read(message, source.topic)
        if not same_aspect(size, (message.width, message.height)):
            raise SpaceError(
                f"depth has {message.width}x{message.height} pixels, the image {size[0]}x{size[1]}, another "
                f"aspect; {_REGISTER}"
            )
        return depth

    def _find_camera(self, sizes: dict[str, tuple[int, int]]) -> CameraModel:
        source, found = self._settings.camera_info, self._camera_info.found
        if found is None:
            raise SpaceError(f"no camera_info on {source.topic}: {source.silence or 'none has arrived yet'}")
        try:
            camera = camera_model(found[0], rectified=self._settings.rectified)
        except GeometryError as error:
            raise SpaceError(f"{source.topic} cannot be used: {error}") from error
        for name, (width, height) in sizes.items():
            if not same_aspect((width, height), (camera.width, camera.height)):
                raise SpaceError(
                    f"camera_info on {source.topic} is of {camera.width}x{camera.height} pixels, the {name} "
                    f"has {width}x{height}, another aspect; use the camera_info of this image"
                )
        return camera


def _read(message: "Image", topic: str) -> np.ndarray:
    """Return the depth (H, W), a view of the message in native byte order."""
    if message.encoding not in _ENCODINGS:
        raise SpaceError(
            f"depth on {topic} has encoding {_quoted(message.encoding)}; publish 16UC1 (millimetres) or "
            "32FC1 (metres)"
        )
    try:
        return image_to_array(message)
    except ImageError as error:
        raise SpaceError(f"cannot read the depth on {topic}: {error}") from error


def _in_words(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _quoted(text: str) -> str:
    return repr(text[:_MOST_CHARACTERS])
