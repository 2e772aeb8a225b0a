"""A picture and its segments as files."""

import io
import json
import zipfile
from typing import Any, NamedTuple

import cv2

from eovseg_ros.msg import PanopticSegmentation, Segment, Vocabulary
from eovseg_ros.web.robot.camera_view import CameraView


class Snapshot(NamedTuple):
    """A ZIP file."""

    name: str  # without .zip
    data: bytes


def make_snapshot(view: CameraView, kind: str, vocabulary: Vocabulary | None) -> Snapshot | None:
    """Return the newest picture as PNG and the segments with its stamp as JSON; None without a picture.

    Segments are null if none with this stamp have arrived. Raises ImageError.
    """
    read = view.pictures[kind].read()
    if read is None:
        return None
    rgb, message = read
    stamp = f"{message.header.stamp.sec}_{message.header.stamp.nanosec:09d}"
    _, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    segments = view.segments_of(message)
    described = {
        "stamp": message.header.stamp.sec + message.header.stamp.nanosec / 1e9,
        "frame_id": message.header.frame_id,
        "picture": kind,
        "vocabulary": list(vocabulary.entries) if vocabulary else None,
        **(_describe(segments) if segments else {"segments": None}),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{kind}_{stamp}.png", png.tobytes())
        archive.writestr(f"segments_{stamp}.json", json.dumps(described, indent=1), zipfile.ZIP_DEFLATED)
    return Snapshot(f"eovseg_{stamp}", file.getvalue())


def _describe(message: PanopticSegmentation) -> dict[str, Any]:
    return {
        "vocabulary_version": message.vocabulary_version,
        "height": message.height,
        "width": message.width,
        "position_frame": message.position_frame,
        "segments": [_describe_segment(segment) for segment in message.segments],
    }


def _describe_segment(segment: Segment) -> dict[str, Any]:
    box, point = segment.pixel_bbox, segment.position
    return {
        "id": segment.id,
        "track_id": segment.track_id,
        "label": segment.label,
        "is_thing": segment.is_thing,
        "score": round(segment.score, 4),
        "pixel_area": segment.pixel_area,
        "pixel_bbox": [box.x_offset, box.y_offset, box.width, box.height],
        "position": [point.x, point.y, point.z] if segment.has_position else None,
    }
