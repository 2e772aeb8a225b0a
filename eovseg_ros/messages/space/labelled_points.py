"""The points of a frame as structured arrays."""

from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np

from eovseg_model.geometry import CameraModel, depth_in_metres
from eovseg_ros.messages.frame_space import FrameSpace
from eovseg_ros.messages.segmented_frame import SegmentedFrame

_NAMES = [("label", np.uint16), ("instance", np.uint16), ("track", np.uint32)]
POINT = np.dtype([("x", np.float32), ("y", np.float32), ("z", np.float32), ("rgb", np.float32), *_NAMES])
# The same bytes in fields that NumPy fills fast, and without fields, which it selects and joins fast.
_FILLED = np.dtype(
    [("x", np.float32), ("y", np.float32), ("z", np.float32), ("rgb", np.uint32), ("names", np.uint64)]
)
_SELECTED = np.dtype((np.void, POINT.itemsize))
_BAND = 1 << 15  # points computed at once, so that intermediate results fit into the cache


def labelled_points(frame: SegmentedFrame, space: FrameSpace, stride: int) -> Iterator[np.ndarray]:
    """Yield the points of every stride-th row and column of the image that have depth.

    Each array (N,) is of some rows, from top to bottom. View it as POINT: x, y and z are in `space.frame_id`;
    rgb has the bits of 0x00RRGGBB.
    """
    height, width = frame.panoptic.shape
    depth = _nearest(space.depth, (height, width), stride)
    rays = _rays(space.camera.scaled(width, height), stride)
    ids, rgb, names = frame.panoptic[::stride, ::stride], frame.rgb[::stride], _names(frame)
    step = max(1, _BAND // depth.shape[1])
    for top in range(0, len(depth), step):
        rows = slice(top, top + step)
        z = depth_in_metres(depth[rows])
        coordinates = rays[:, rows] * z
        valid = ~np.isnan(coordinates[0])  # it has depth, and the distortion model reaches the pixel
        if space.target_from_camera is not None:
            coordinates = _transformed(coordinates, space.target_from_camera.astype(np.float32))
        points = np.empty(z.shape, _FILLED)
        points["x"], points["y"], points["z"] = coordinates
        points["rgb"] = _packed_colours(rgb[rows], stride)
        points["names"] = names.take(ids[rows], mode="clip")
        yield points.view(_SELECTED)[valid]


def _nearest(depth: np.ndarray, shape: tuple[int, int], stride: int) -> np.ndarray:
    """Return the pixels of depth that are nearest to every stride-th row and column of an image (H, W)."""
    if depth.shape == shape:
        return depth[::stride, ::stride]
    rows, columns = (
        ((np.arange(0, of_image, stride) + 0.5) * of_depth / of_image).astype(int)
        for of_image, of_depth in zip(shape, depth.shape, strict=True)
    )
    return depth[rows[:, None], columns]


@lru_cache(maxsize=16)  # cameras
def _rays(camera: CameraModel, stride: int) -> np.ndarray:
    """Return x, y and z where z is 1, for every stride-th row and column: (3, rows, columns) float32."""
    x, y = np.moveaxis(camera.rays[::stride, ::stride], 2, 0)
    return np.stack([x, y, np.ones_like(x)])


def _transformed(coordinates: np.ndarray, target_from_camera: np.ndarray) -> np.ndarray:
    flat = coordinates.reshape(3, -1)
    moved = target_from_camera[:3, :3] @ flat + target_from_camera[:3, 3:]
    return moved.reshape(coordinates.shape)


def _packed_colours(rgb: np.ndarray, stride: int) -> np.ndarray:
    """Return 0x00RRGGBB of every stride-th column, uint32."""
    bgra = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
    return bgra.view("<u4")[:, ::stride, 0] & np.uint32(0xFFFFFF)


def _names(frame: SegmentedFrame) -> np.ndarray:
    """Return the 8 bytes of label, instance and track by segment id."""
    names = np.zeros(max((segment.id for segment in frame.segments), default=0) + 1, _NAMES)
    for segment in frame.segments:
        names[segment.id] = segment.class_id + 1, segment.id, segment.track_id
    return names.view(np.uint64)
