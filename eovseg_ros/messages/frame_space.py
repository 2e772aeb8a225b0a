"""The space of a camera image: its depth, calibration and frame."""

from dataclasses import dataclass

import numpy as np

from eovseg_model.geometry import (
    CameraModel,
    SegmentGeometry,
    measure_geometry,
    transform_points,
    up_in_camera,
)


class SpaceError(ValueError):
    """Raised if an image has no usable depth, calibration or frame; the message says what to do."""


@dataclass(frozen=True)
class FrameSpace:
    """Depth of an image and the frame in which positions are given.

    Positions are in the frame of the camera, or in another one, whose z axis is up, by `target_from_camera`.
    """

    depth: np.ndarray  # (H', W') as for depth_in_metres, of the aspect of the image
    camera: CameraModel
    frame_id: str
    target_from_camera: np.ndarray | None = None  # (4, 4)

    def measure(self, panoptic: np.ndarray) -> dict[int, SegmentGeometry]:
        """Return position and box of the segments of a label image (H, W), in `frame_id`."""
        if self.target_from_camera is None:
            return measure_geometry(panoptic, self.depth, self.camera)
        up = up_in_camera(self.target_from_camera)
        measured = measure_geometry(panoptic, self.depth, self.camera, up=up)
        return {
            number: SegmentGeometry(
                transform_points(self.target_from_camera, one.position),
                one.box.transformed(self.target_from_camera),
                one.points,
            )
            for number, one in measured.items()
        }
