"""What is kept of the segments of an image."""

from typing import NamedTuple

import cv2
import numpy as np

PREVIEW = 240  # pixels


class StoredFrame(NamedTuple):
    """The S segments of an image, in the order of its results; their masks are in its panoptic image.

    Times are in nanoseconds. size is the image's height and width. ids (S,) are those of the panoptic image,
    boxes (S, 4) x, y, width and height in pixels, zeros for a segment without pixels. kernels (S, hidden) and
    embeddings (S, text) are float32, as in `eovseg_model.inference.SegmentFeatures`, but rounded to float16.
    preview is the image as a small JPEG.
    """

    camera: str
    log_time: int
    stamp: int
    size: tuple[int, int]
    ids: np.ndarray
    track_ids: np.ndarray
    boxes: np.ndarray
    kernels: np.ndarray
    embeddings: np.ndarray
    preview: bytes


def make_preview(rgb: np.ndarray) -> bytes:
    """Return an image (H, W, 3) uint8 as a JPEG of at most 240 pixels a side."""
    scale = min(1.0, PREVIEW / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    written, jpeg = cv2.imencode(".jpg", small[:, :, ::-1], (cv2.IMWRITE_JPEG_QUALITY, 75))
    assert written
    return jpeg.tobytes()
