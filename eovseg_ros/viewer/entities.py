"""Messages as what Rerun draws."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from sensor_msgs.msg import PointCloud2

from eovseg_model.drawing import segment_colours, segment_title
from eovseg_model.geometry import CameraModel
from eovseg_ros.messages import image_to_array, image_to_rgb, read_points
from eovseg_ros.msg import CameraStatus, Segment, Vocabulary

if TYPE_CHECKING:
    import rerun as rr
    from sensor_msgs.msg import Image

_JPEG_QUALITY = 85  # a tenth of the memory of the pixels, in the viewer and in files
_LABELS_OPACITY = 0.5


def picture(message: Any) -> "rr.EncodedImage | rr.Image":
    """Return an image of the camera, compressed. Raises ImageError."""
    import rerun as rr

    return rr.Image(np.ascontiguousarray(image_to_rgb(message))).compress(jpeg_quality=_JPEG_QUALITY)


def labels(message: "Image") -> "rr.SegmentationImage":
    """Return ~/semantic: 0 is void, others are classes of `class_names`. Raises ImageError."""
    import rerun as rr

    return rr.SegmentationImage(image_to_array(message), opacity=_LABELS_OPACITY)


def class_names(vocabulary: Vocabulary) -> "rr.AnnotationContext":
    """Return names and colours of the pixel values of ~/semantic; void is transparent."""
    import rerun as rr

    classes = [rr.AnnotationInfo(id=0, label="void", color=(0, 0, 0, 0))]
    for number, (label, c) in enumerate(zip(vocabulary.labels, vocabulary.colors, strict=True), start=1):
        colour = (round(255 * c.r), round(255 * c.g), round(255 * c.b))
        classes.append(rr.AnnotationInfo(id=number, label=label, color=colour))
    return rr.AnnotationContext(classes)


def boxes_in_image(segments: Iterable[Segment]) -> "rr.Boxes2D":
    """Return the pixel boxes of things, with their names and scores, in the colours of the overlay."""
    import rerun as rr

    colours = segment_colours(list(segments))
    things = [segment for segment in segments if segment.is_thing]
    boxes = [thing.pixel_bbox for thing in things]
    return rr.Boxes2D(
        mins=[(box.x_offset, box.y_offset) for box in boxes],
        sizes=[(box.width, box.height) for box in boxes],
        labels=[f"{segment_title(thing)} {thing.score:.0%}" for thing in things],
        colors=[colours[thing.id] for thing in things],
    )


def boxes_in_space(segments: Iterable[Segment]) -> "rr.Boxes3D":
    """Return the boxes of things with a position, in metres, with their names."""
    import rerun as rr

    colours = segment_colours(list(segments))
    things = [segment for segment in segments if segment.is_thing and segment.has_position]
    poses = [thing.box.center for thing in things]
    sizes = [thing.box.size for thing in things]
    turns = [pose.orientation for pose in poses]
    return rr.Boxes3D(
        centers=[(p.position.x, p.position.y, p.position.z) for p in poses],
        sizes=[(s.x, s.y, s.z) for s in sizes],
        quaternions=[(q.x, q.y, q.z, q.w) for q in turns],
        labels=[segment_title(thing) for thing in things],
        colors=[colours[thing.id] for thing in things],
    )


def cloud(message: PointCloud2) -> "rr.Points3D":
    """Return ~/points. Raises ValueError for a message that is too short."""
    import rerun as rr

    points = read_points(message)
    packed = np.ascontiguousarray(points["rgb"]).view(np.uint32)  # 0x00RRGGBB
    return rr.Points3D(
        np.stack([points["x"], points["y"], points["z"]], axis=1),
        colors=np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8),
    )


def pinhole(camera: CameraModel) -> "rr.Pinhole":
    """Return a camera, without its distortion."""
    import rerun as rr

    fx, _, cx, _, fy, cy, *_ = camera.k
    # ROS counts from the centre of the first pixel, Rerun from its corner.
    return rr.Pinhole(
        image_from_camera=[[fx, 0, cx + 0.5], [0, fy, cy + 0.5], [0, 0, 1]],
        resolution=[camera.width, camera.height],
        camera_xyz=rr.ViewCoordinates.RDF,
    )


def rates(status: CameraStatus) -> "rr.Scalars":
    """Return images received and frames published, Hz: the series of `RATES`."""
    import rerun as rr

    return rr.Scalars([status.rate_in, status.rate_out])


def latencies(status: CameraStatus) -> "rr.Scalars":
    """Return the series of `LATENCIES`, milliseconds."""
    import rerun as rr

    return rr.Scalars([status.latency_p50, status.latency_p90, status.latency_p99, status.model_time])


RATES = ("images, Hz", "frames, Hz")
LATENCIES = ("p50, ms", "p90, ms", "p99, ms", "model, ms")
