"""Read and write video files."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

USUAL_RATE = 25.0  # frames per second, if the file does not specify it


def read_frames(file: Path, *, max_pixels: int) -> Iterator[np.ndarray]:
    """Yield all frames (H, W, 3) uint8 RGB. Raises ValueError for none, or more than `max_pixels` each."""
    source = _open(file)
    try:
        width, height = (
            int(source.get(what)) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if width * height > max_pixels:
            raise ValueError(
                f"frames of {width}x{height} have {width * height} pixels, more than max_pixels "
                f"({max_pixels}): scale the video down or raise max_pixels"
            )
        read, frame = source.read()
        if not read:
            raise ValueError("no frame can be decoded")
        while read:
            yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            read, frame = source.read()
    finally:
        source.release()


def count_frames(file: Path) -> int | None:
    """Return the number of frames according to the file, or None if it is unknown."""
    source = _open(file)
    count = int(source.get(cv2.CAP_PROP_FRAME_COUNT))
    source.release()
    return count if count > 0 else None


def frame_rate(file: Path) -> float:
    """Return the frames per second according to the file, or 25 if it does not tell."""
    source = _open(file)
    rate = source.get(cv2.CAP_PROP_FPS) or USUAL_RATE
    source.release()
    return rate


class VideoWriter:
    """Context manager that writes an MPEG-4 file with a rate in Hz and the first frame's size."""

    def __init__(self, target: Path, *, rate: float) -> None:
        self._rate = rate
        self._target = target
        self._writer: cv2.VideoWriter | None = None

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, *error: object) -> None:
        if self._writer is not None:
            self._writer.release()

    def write(self, picture: np.ndarray) -> None:
        """Append a frame (H, W, 3) uint8 RGB. Raises OSError if the file cannot be written."""
        if self._writer is None:
            code, size = cv2.VideoWriter.fourcc(*"mp4v"), picture.shape[1::-1]
            self._writer = cv2.VideoWriter(str(self._target), code, self._rate, size)
            if not self._writer.isOpened():
                raise OSError(f"OpenCV cannot write {self._target}")
        self._writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _open(file: Path) -> cv2.VideoCapture:
    source = cv2.VideoCapture(str(file))
    if not source.isOpened():
        raise ValueError("not a readable video")
    return source
