"""Camera images joined with the results that have the same stamp."""

from collections import OrderedDict
from typing import Any, NamedTuple

from sensor_msgs.msg import Image

from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.viewer.stamps import stamp_of

_MOST_IMAGES = 64  # 2 s at 30 Hz, which a slow model may take
_MOST_BYTES = 100_000_000  # of these images together
_MOST_RESULTS = 4  # of which one of two messages has arrived


class Frame(NamedTuple):
    """Messages of one stamp."""

    segments: PanopticSegmentation
    semantic: Image
    image: Any | None  # Image or CompressedImage; None if it has not been received


class FrameMatch:
    """Joins messages by stamp, in any order of arrival, and keeps few of them.

    Results wait for their image only until the next results are there.
    """

    def __init__(self) -> None:
        self._images: OrderedDict[int, Any] = OrderedDict()  # by stamp, oldest first
        self._bytes = 0
        self._segments: OrderedDict[int, PanopticSegmentation] = OrderedDict()
        self._semantic: OrderedDict[int, Image] = OrderedDict()
        self._waiting: Frame | None = None  # without its image

    def add_image(self, message: Any) -> list[Frame]:
        """Take an image of the camera; return the frames that are now complete."""
        stamp = stamp_of(message)
        waiting = self._waiting
        if waiting and stamp_of(waiting.segments) == stamp:
            self._waiting = None
            self._forget_images(stamp)
            return [waiting._replace(image=message)]
        if stamp in self._images:
            self._bytes -= len(self._images.pop(stamp).data)
        self._images[stamp] = message
        self._bytes += len(message.data)
        while len(self._images) > 1 and (len(self._images) > _MOST_IMAGES or self._bytes > _MOST_BYTES):
            self._bytes -= len(self._images.popitem(last=False)[1].data)
        return []

    def add_segments(self, message: PanopticSegmentation) -> list[Frame]:
        """Take segments; return the frames that are now complete, and those that wait no longer."""
        return self._add(self._segments, message)

    def add_semantic(self, message: Image) -> list[Frame]:
        """Take an image of classes; return as `add_segments` does."""
        return self._add(self._semantic, message)

    def _add(self, kept: OrderedDict[int, Any], message: Any) -> list[Frame]:
        stamp = stamp_of(message)
        kept[stamp] = message
        if stamp not in self._segments or stamp not in self._semantic:
            if len(kept) > _MOST_RESULTS:
                kept.popitem(last=False)
            return []
        frame = Frame(self._segments.pop(stamp), self._semantic.pop(stamp), self._images.get(stamp))
        earlier, self._waiting = self._waiting, None
        done = [earlier] if earlier else []
        if frame.image is None:
            self._waiting = frame
            return done
        self._forget_images(stamp)
        return [*done, frame]

    def _forget_images(self, stamp: int) -> None:
        """Drop the images up to a frame: results come in the order of the images."""
        while self._images and (first := next(iter(self._images))) <= stamp:
            self._bytes -= len(self._images.pop(first).data)
