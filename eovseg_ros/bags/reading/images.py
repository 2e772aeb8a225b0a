"""The images of a bag in the order of their time, each with its depth and calibration."""

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from eovseg_ros.bags.errors import BagError, BrokenMessage
from eovseg_ros.bags.message_types import CAMERA_INFO, IMAGE, decode_message
from eovseg_ros.bags.reading.bag import Bag
from eovseg_ros.bags.reading.cameras import BagCamera
from eovseg_ros.bags.reading.records import RawMessage
from eovseg_ros.bags.reading.selection import Choice, Selection
from eovseg_ros.messages import FrameSpace, SpaceError
from eovseg_ros.node import DepthMatch, NearestInTime, SpaceSettings

# Nanoseconds of recording after an image in which its depth may come. In the node it may come until the model
# is done.
LATEST = 500_000_000
_MOST_WAITING = 64  # images


@dataclass(frozen=True)
class DepthSettings:
    """As the node's parameters of these names."""

    tolerance: float = 0.05  # seconds
    rectified: bool = False


class BagImage:
    """An image of a camera, not decoded yet; depth belongs to it if the camera has a depth topic."""

    def __init__(self, camera: BagCamera, type_name: str, raw: RawMessage, depth: DepthMatch | None) -> None:
        self.camera = camera
        self.log_time = raw.log_time
        self._type_name = type_name
        self._raw = raw
        self._depth = depth

    @property
    def message(self) -> Any:
        """The Image or CompressedImage. Raises BrokenMessage."""
        return decode_message(self._raw.data, self._type_name)

    def space(self, shape: tuple[int, int]) -> FrameSpace | None:
        """Return the depth of the image (H, W), or None without a depth topic. Raises SpaceError."""
        try:
            return self._depth.space(shape) if self._depth else None
        except BrokenMessage as error:
            raise SpaceError(f"depth or camera_info cannot be read: {error}") from error


def read_images(
    bag: Bag, cameras: Sequence[BagCamera], selection: Selection, depth: DepthSettings
) -> Iterator[BagImage]:
    """Yield the selected images of all cameras by the time of their recording.

    Calibrations from before the selected time count, too: they are often recorded once. Raises BagError.
    """
    start, stop = selection.bounds(bag.start)
    inputs = [_Input(camera, bag, selection, depth) for camera in cameras]
    early = {camera.camera_info_topic for camera in cameras} - {""}
    if start is not None and early:
        for message in bag.messages(early, stop=start):
            for each in inputs:
                each.add(message)
    waiting: deque[tuple[_Input, BagImage]] = deque()
    topics = {topic for camera in cameras for topic in camera.topics}
    broken: BagError | None = None
    try:
        for message in bag.messages(topics, start, stop):
            waiting += [(each, image) for each in inputs if (image := each.add(message))]
            while waiting and (
                waiting[0][0].complete(message.log_time - waiting[0][1].log_time)
                or len(waiting) > _MOST_WAITING
            ):
                yield waiting.popleft()[1]
            if not waiting and all(each.full for each in inputs):
                return
    except BagError as error:
        broken = error
    yield from (image for _, image in waiting)
    if broken:
        raise broken


class _Input:
    """The topics of one camera."""

    def __init__(self, camera: BagCamera, bag: Bag, selection: Selection, depth: DepthSettings) -> None:
        self._camera = camera
        self._type_name = bag.topics[camera.image_topic].type_name
        self._choice = Choice(selection)
        self._now = 0  # time of the newest message
        self._depths: NearestInTime[RawMessage] = NearestInTime(lambda: self._now)
        self._infos: NearestInTime[RawMessage] = NearestInTime(lambda: self._now)
        self._depth, self._info = _Recorded(camera.depth_topic), _Recorded(camera.camera_info_topic)
        self._settings = SpaceSettings(
            depth=self._depth,
            camera_info=self._info,
            tolerance=lambda: depth.tolerance,
            rectified=depth.rectified,
            target=None,
        )

    @property
    def full(self) -> bool:
        """Whether no more images are taken."""
        return self._choice.full

    def complete(self, age: int) -> bool:
        """Whether an image waits no longer for its depth, `age` ns of recording after it."""
        return not self._camera.depth_topic or age > LATEST

    def add(self, message: RawMessage) -> BagImage | None:
        """Take a message if it is of this camera; return the image if it is one to label."""
        self._now = message.log_time
        if message.topic == self._camera.depth_topic:
            self._depth.silence = ""
            self._depths.add(_header(message), message)
        elif message.topic == self._camera.camera_info_topic:
            self._info.silence = ""
            self._infos.add(_header(message), message)
        elif message.topic == self._camera.image_topic and self._choice.takes(message.log_time):
            return BagImage(self._camera, self._type_name, message, self._match(message))
        return None

    def _match(self, message: RawMessage) -> DepthMatch | None:
        if not self._camera.depth_topic:
            return None
        header = _header(message)
        depth: Any = _Decoded(self._depths.expect(header), IMAGE)
        info: Any = _Decoded(self._infos.expect(header), CAMERA_INFO)
        return DepthMatch(header, depth, info, self._settings)


class _Decoded:
    """A Nearest of raw messages that decodes the one that is used."""

    def __init__(self, nearest: Any, type_name: str) -> None:
        self._nearest = nearest
        self._type_name = type_name

    @property
    def found(self) -> tuple[Any, float] | None:
        """As Nearest has it. Raises BrokenMessage."""
        found = self._nearest.found
        return found and (decode_message(found[0].data, self._type_name), found[1])


@dataclass
class _Recorded:
    """A topic of the bag, as a Source of DepthMatch."""

    topic: str
    silence: str = "the bag has none before the image or soon after it"


def _header(message: RawMessage) -> Any:
    """Return stamp and frame_id of a message that begins with a header, zeros for one that is too short."""
    data = message.data
    order = "<" if len(data) > 1 and data[1] & 1 else ">"
    try:
        seconds, nanoseconds, length = struct.unpack_from(order + "iII", data, 4)
    except struct.error:
        seconds, nanoseconds, length = 0, 0, 0
    frame_id = bytes(data[16 : 16 + length]).rstrip(b"\0").decode(errors="replace")
    return SimpleNamespace(stamp=SimpleNamespace(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)
