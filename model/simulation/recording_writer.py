"""Write frames into a recording."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..checkpoint import replacing
from .frame import Frame, TrueSegment
from .recording_format import DEPTH, HEADER, RGB, SEGMENTS, RecordingHeader

DEPTH_SCALE = 250.0
_QUALITY = 80  # of WebP
_DATE = (1980, 1, 1, 0, 0, 0)  # date of every entry, fixed so that the same frames give the same file


def write_recording(
    path: Path, frames: Iterable[Frame], *, rate: float, frames_per_scene: int, made_by: str = ""
) -> None:
    """Write frames of one camera; the file is written atomically.

    Args:
        frames: within a scene, a segment id must always stand for the same segment.
        rate: frames per second.
        frames_per_scene: number of frames after which a new scene starts.
        made_by: the command, recorded in the file.

    Raises ValueError if frames differ in size or intrinsics, if there is no frame, or if segment ids are out
    of range or change their meaning within a scene.
    """
    with replacing(path) as draft, zipfile.ZipFile(draft, "w") as file:
        header = _write_frames(file, frames, rate, frames_per_scene, made_by)
        _write_entry(file, HEADER, header.write().encode())


def disparity(depth: np.ndarray) -> np.ndarray:
    """Convert depth in metres, 0 where unknown, to the stored values, uint16 of the same shape.

    Depths below 3.8 mm are stored as 3.8 mm.
    """
    steps = np.divide(DEPTH_SCALE, depth, out=np.zeros(depth.shape), where=depth > 0)
    return np.minimum(np.round(steps), 2**16 - 1).astype(np.uint16)


def _write_frames(
    file: zipfile.ZipFile, frames: Iterable[Frame], rate: float, frames_per_scene: int, made_by: str
) -> RecordingHeader:
    first: Frame | None = None
    scenes: list[dict[int, TrueSegment]] = []
    count = 0
    for frame in frames:
        first = first or frame
        if _camera(frame) != _camera(first):
            raise ValueError(f"frame {count} differs from the first in size or intrinsics")
        if count % frames_per_scene == 0:
            scenes.append({})
        for segment in frame.segments:
            if scenes[-1].setdefault(segment.id, segment) != segment:
                raise ValueError(
                    f"frame {count}: segment {segment.id} differs from the same id earlier in the scene"
                )
        _write_entry(file, RGB.format(count), _encoded(frame.rgb, "WEBP", quality=_QUALITY, method=6))
        _write_entry(file, DEPTH.format(count), _encoded(disparity(frame.depth), "PNG", optimize=True))
        ids = frame.segment_ids.astype(np.uint8)  # the header rejects ids above 255
        _write_entry(file, SEGMENTS.format(count), _encoded(ids, "PNG", optimize=True))
        count += 1
    if first is None:
        raise ValueError("a recording needs at least one frame")
    height, width = first.depth.shape
    return RecordingHeader(
        rate=rate,
        frames=count,
        width=width,
        height=height,
        fx=first.fx,
        fy=first.fy,
        cx=first.cx,
        cy=first.cy,
        depth_scale=DEPTH_SCALE,
        first_frames=tuple(range(0, count, frames_per_scene)),
        segments=tuple(tuple(scene[i] for i in sorted(scene)) for scene in scenes),
        made_by=made_by,
    )


def _camera(frame: Frame) -> tuple[float, ...]:
    return (*frame.depth.shape, frame.fx, frame.fy, frame.cx, frame.cy)


def _encoded(array: np.ndarray, kind: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **settings)
    return buffer.getvalue()


def _write_entry(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    file.writestr(zipfile.ZipInfo(name, _DATE), content)  # stored without compression
