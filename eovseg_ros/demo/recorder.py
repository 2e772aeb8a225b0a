"""Pairs camera images with their results and draws them side by side in a video."""

import functools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from rclpy.node import Node
from sensor_msgs.msg import Image

from eovseg_model.drawing import draw_overlay
from eovseg_ros.messages import image_to_array, image_to_rgb
from eovseg_ros.msg import PanopticSegmentation

_SCALE = 2  # pixels of the video per pixel of the camera
_CAPTION = 44  # height, pixels
_FRAMES_PER_SECOND = 10
_REMEMBERED = 60  # stamps that wait for the rest of their messages


class DemoRecorder:
    """Subscribes to camera, label image and segments; writes every frame to the video, some to PNG files."""

    def __init__(self, node: Node, folder: Path, caption: Callable[[int], str]) -> None:
        self.folder = folder
        self.video = folder / "demo.mp4"
        self.frames = 0
        self.last: PanopticSegmentation | None = None
        self.versions: set[int] = set()
        self._caption = caption
        self._waiting: dict[tuple[int, int], dict[str, Image | PanopticSegmentation]] = {}
        self._writer: cv2.VideoWriter | None = None
        self._written_until: float | None = None
        self._picture: np.ndarray | None = None
        topics = {
            "image": (Image, "/camera/image_raw"),
            "panoptic": (Image, "/eovseg/panoptic"),
            "segments": (PanopticSegmentation, "/eovseg/segments"),
        }
        for name, (message_type, topic) in topics.items():
            node.create_subscription(message_type, topic, functools.partial(self._join, name), 10)

    def save_picture(self, name: str) -> Path | None:
        """Write the newest frame as a PNG file and return its path; None if there is no frame yet."""
        if self._picture is None:
            return None
        path = self.folder / f"{name}.png"
        Picture.fromarray(self._picture).save(path)
        return path

    def close(self) -> None:
        """Finish the video."""
        if self._writer:
            self._writer.release()

    def _join(self, name: str, message: Image | PanopticSegmentation) -> None:
        key = (message.header.stamp.sec, message.header.stamp.nanosec)
        together = self._waiting.setdefault(key, {})
        together[name] = message
        if len(together) == 3:
            self._add(together["image"], together["panoptic"], together["segments"])
            self._waiting = {stamp: waiting for stamp, waiting in self._waiting.items() if stamp > key}
        while len(self._waiting) > _REMEMBERED:
            self._waiting.pop(next(iter(self._waiting)))

    def _add(self, image: Image, panoptic: Image, segments: PanopticSegmentation) -> None:
        self.frames += 1
        self.last = segments
        self.versions.add(segments.vocabulary_version)
        rgb = cv2.resize(image_to_rgb(image), None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
        labels = cv2.resize(image_to_array(panoptic), rgb.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        overlay = draw_overlay(rgb, labels, segments.segments, opacity=0.5)
        self._picture = _with_caption(np.hstack([rgb, overlay]), self._caption(segments.vocabulary_version))
        self._write(segments.header.stamp.sec + segments.header.stamp.nanosec / 1e9)

    def _write(self, stamp: float) -> None:
        """Repeat the picture for as long as it was the newest, so that the video plays in real time."""
        assert self._picture is not None
        if self._writer is None:
            size = self._picture.shape[1::-1]
            self._writer = cv2.VideoWriter(
                str(self.video), cv2.VideoWriter.fourcc(*"mp4v"), _FRAMES_PER_SECOND, size
            )
            self._written_until = stamp
        assert self._written_until is not None
        while self._written_until <= stamp:
            self._writer.write(cv2.cvtColor(self._picture, cv2.COLOR_RGB2BGR))
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
