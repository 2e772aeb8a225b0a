"""Pairs camera images with their results and draws them side by side in a video."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from rclpy.node import Node
from sensor_msgs.msg import Image

from eovseg_model.drawing import draw_overlay
from eovseg_ros.demo.stamp_join import Stamp, StampJoin, stamp_of
from eovseg_ros.messages import image_to_array, image_to_rgb
from eovseg_ros.msg import PanopticSegmentation

_SCALE = 2  # pixels of the video per pixel of the camera
_CAPTION = 44  # height, pixels
_FRAMES_PER_SECOND = 10
_RECENT = 10  # frames


class DrawnFrame(NamedTuple):
    """The camera's image beside its overlay (H, W, 3), with a caption, and the segments."""

    picture: np.ndarray
    segments: PanopticSegmentation


class DemoRecorder:
    """Subscribes to camera, label image and segments; writes every frame to the video, some to PNG files."""

    def __init__(self, node: Node, folder: Path, caption: Callable[[int], str]) -> None:
        self.folder = folder
        self.video = folder / "demo.mp4"
        self.frames = 0
        self.recent: dict[Stamp, DrawnFrame] = {}  # the newest ones, in order
        self.versions: set[int] = set()
        self._caption = caption
        self._writer: cv2.VideoWriter | None = None
        self._written_until: float | None = None
        topics: dict[str, tuple[type, str]] = {
            "image": (Image, "/camera/image_raw"),
            "panoptic": (Image, "/eovseg/panoptic"),
            "segments": (PanopticSegmentation, "/eovseg/segments"),
        }
        StampJoin(node, topics, self._add)

    @property
    def last(self) -> DrawnFrame | None:
        """The newest frame."""
        return next(reversed(self.recent.values()), None)

    def save_picture(self, name: str, stamp: Stamp | None = None) -> Path | None:
        """Write the frame of a recent stamp, by default the newest, as a PNG file and return its path.

        Return None if there is no frame yet.
        """
        frame = self.recent[stamp] if stamp else self.last
        if frame is None:
            return None
        path = self.folder / f"{name}.png"
        Picture.fromarray(frame.picture).save(path)
        return path

    def close(self) -> None:
        """Finish the video."""
        if self._writer:
            self._writer.release()

    def _add(self, together: dict[str, Any]) -> None:
        image, panoptic, segments = together["image"], together["panoptic"], together["segments"]
        self.frames += 1
        self.versions.add(segments.vocabulary_version)
        rgb = cv2.resize(image_to_rgb(image), None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
        labels = cv2.resize(image_to_array(panoptic), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        overlay = draw_overlay(rgb, labels, segments.segments, opacity=0.5)
        picture = _with_caption(np.hstack([rgb, overlay]), self._caption(segments.vocabulary_version))
        self.recent[stamp_of(segments)] = DrawnFrame(picture, segments)
        if len(self.recent) > _RECENT:
            self.recent.pop(next(iter(self.recent)))
        self._write(picture, segments.header.stamp.sec + segments.header.stamp.nanosec / 1e9)

    def _write(self, picture: np.ndarray, stamp: float) -> None:
        """Repeat the picture for as long as it was the newest, so that the video plays in real time."""
        if self._writer is None:
            size = picture.shape[1::-1]
            self._writer = cv2.VideoWriter(
                str(self.video), cv2.VideoWriter.fourcc(*"mp4v"), _FRAMES_PER_SECOND, size
            )
            self._written_until = stamp
        assert self._written_until is not None
        while self._written_until <= stamp:
            self._writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            self._written_until += 1 / _FRAMES_PER_SECOND


def _with_caption(picture: np.ndarray, text: str) -> np.ndarray:
    """Add a dark bar with one line of text above an image."""
    bar = Picture.new("RGB", (picture.shape[1], _CAPTION), (16, 18, 24))
    draw = ImageDraw.Draw(bar)
    font = ImageFont.load_default(18)
    while draw.textlength(text, font) > picture.shape[1] - 24:
        text = text[: -max(2, len(text) // 20)].rstrip(" .,") + " ..."
    draw.text((12, _CAPTION / 2), text, (235, 235, 235), font, "lm")
    return np.vstack([np.array(bar), picture])
