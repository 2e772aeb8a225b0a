"""Results as overlay videos."""

import errno
import os
import shutil
from pathlib import Path

import cv2
import numpy as np

from eovseg_model.drawing import draw_overlay
from eovseg_ros.bags.exporting.results import read_labelled_images, result_times
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.plain_text import valid

_SLOWEST, _FASTEST = 1.0, 120.0  # Hz
_SMALLEST = 2  # pixels; the codec takes no fewer


def write_videos(
    bag: Path, results: Path, targets: dict[str, Path], settings: LabelSettings, *, opacity: float = 0.5
) -> None:
    """Write a video for each camera in `targets`, at the rate of its images; they appear when complete.

    Raises BagError, and OSError if a video cannot be written.
    """
    parts = {name: target.with_name(f"{target.stem}.part{target.suffix}") for name, target in targets.items()}
    videos = {
        name: _Video(part, _rate(result_times(results, name, settings))) for name, part in parts.items()
    }
    try:
        for labelled in read_labelled_images(bag, results, settings):
            if labelled.camera in videos:
                picture = draw_overlay(labelled.rgb, labelled.panoptic, labelled.segments, opacity=opacity)
                videos[labelled.camera].write(picture)
    finally:
        for video in videos.values():
            video.close()
    for name, video in videos.items():
        if video.frames:
            video.check()
            parts[name].replace(targets[name])


class _Video:
    """An MPEG-4 file of the size of its first frame; further frames of other sizes are resized."""

    def __init__(self, path: Path, rate: float) -> None:
        self.frames = 0
        self._path = path
        self._rate = rate
        self._size = (0, 0)
        self._writer: cv2.VideoWriter | None = None

    def write(self, rgb: np.ndarray) -> None:
        """Append a frame (H, W, 3) uint8 RGB. Raises OSError."""
        if self._writer is None:
            self._size = (max(rgb.shape[1], _SMALLEST), max(rgb.shape[0], _SMALLEST))
            if (name := valid(str(self._path))) != str(self._path):  # OpenCV would crash
                raise OSError(f"OpenCV cannot write {name}: the name is not UTF-8")
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate, self._size)
            if not self._writer.isOpened():
                raise OSError(f"OpenCV cannot write {self._path}")
        if rgb.shape[1::-1] != self._size:
            rgb = cv2.resize(rgb, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        self.frames += 1

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()

    def check(self) -> None:
        """Raise OSError if the file has fewer frames than were written: OpenCV does not say so."""
        reader = cv2.VideoCapture(str(self._path))
        found = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) if reader.isOpened() else 0
        reader.release()
        if found < self.frames:
            self._path.unlink(missing_ok=True)
            if shutil.disk_usage(self._path.parent).free < 1 << 20:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            raise OSError(f"OpenCV wrote {found} of {self.frames} frames to {self._path}")


def _rate(times: list[int]) -> float:
    """Return frames per second from the median of their distances."""
    distances = np.diff(times)
    median = float(np.median(distances[distances > 0])) if (distances > 0).any() else 1e8
    return min(max(1e9 / median, _SLOWEST), _FASTEST)
