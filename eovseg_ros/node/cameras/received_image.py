"""An image of a camera, as the node received it."""

from typing import NamedTuple, Protocol

from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.messages import FrameSpace


class DepthMatch(Protocol):
    """The depth image that belongs to an image, and may arrive after it."""

    def space(self, image_shape: tuple[int, int]) -> FrameSpace:
        """Return the depth of an image (H, W). Raises SpaceError if there is none that fits."""
        ...


class ReceivedImage(NamedTuple):
    """An image message, its arrival in seconds of the monotonic clock, and its depth (None: not used)."""

    message: Image | CompressedImage
    received: float
    depth: DepthMatch | None = None
