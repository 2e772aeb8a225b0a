"""Parameters of the cameras."""

from dataclasses import dataclass

from eovseg_model.data import MAX_PIXELS
from eovseg_ros.node.parameter_checks import parameter


@dataclass(frozen=True)
class CameraFields:
    """Checked values."""

    cameras: tuple[str, ...] = parameter(
        (),
        "Names of several cameras. Camera front has the topics front/image, front/depth, front/camera_info "
        "and ~/front/segments, ...; empty: one camera without a name, with the topics image, ~/segments, ...",
    )
    batch_cameras: int = parameter(
        1,
        "Maximum number of waiting images of the same size, of different cameras, that the model segments in "
        "one call; 1: each by itself.",
        low=1,
        high=16,
    )
    max_rate: float = parameter(
        0.0,
        "Maximum frames per second of each camera; 0: as many as the model can process.",
        live=True,
        low=0.01,
        high=1000.0,
        special=0.0,
    )
    image_transport: str = parameter(
        "raw",
        "Source of images: raw (topic image) or compressed (`/compressed` below the topic that image is "
        "remapped to).",
        choices=("raw", "compressed"),
    )
    max_pixels: int = parameter(
        MAX_PIXELS,
        "Maximum pixels of an image; larger images are skipped, compressed ones before they are decoded. The "
        "default is a frame of 8K video.",
        live=True,
        low=1,
        high=1_000_000_000,
    )
    use_depth: bool = parameter(
        False,
        "Pair images with the topics depth and camera_info, for positions and boxes of segments, ~/points, "
        "~/markers and ~/detections_3d.",
    )
    depth_tolerance: float = parameter(
        0.05,
        "Maximum difference of the stamps of an image and its depth image, seconds.",
        live=True,
        low=0.0,
        high=10.0,
    )
    rectified: bool = parameter(
        False, "The images are rectified: use P of camera_info without distortion, instead of K and D."
    )
    target_frame: str = parameter(
        "",
        "Frame of positions, boxes and points, whose z axis is up, such as map or base_link. Needs tf2_ros "
        "and use_depth; empty: the frame of the camera.",
    )
