"""Writing frames into a recording."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .frame import Frame, TrueSegment
from .recording_format import DEPTH, HEADER, RGB, SEGMENTS, RecordingHeader

DEPTH_SCALE = 250.0
_QUALITY = 80  # of WebP
_DATE = (1980, 1, 1, 0, 0, 0)  # of every entry: the same frames make the same file


def write_recording(
    path: Path, frames: Iterable[Frame], *, rate: float, frames_per_scene: int, made_by: str = ""
) -> None:
    """Write frames of one size and one camera; the file appears when it is whole.

    Args:
        frames: within a scene a segment id always stands for the same segment.
        rate: frames a second.
        frames_per_scene: a new scene starts after so many.
        made_by: the command, to be told in the file.

    ValueError for frames that differ in size or intrinsics, no frame, or segment ids that do not fit.
    """
    draft = path.with_name(f"{path.name}.part")
    try:
        with zipfile.ZipFile(draft, "w") as file:
            header = _write_frames(file, frames, rate, frames_per_scene, made_by)
            _write_entry(file, HEADER, header.write().encode())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def disparity(depth: np.ndarray) -> np.ndarray:
    """Depth in metres, 0 where unknown, as the numbers that are stored: uint16 of the same shape.

    What is nearer than 3.8 mm is stored as if it were there.
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
            raise ValueError(f"frame {count} has another size or other intrinsics than the first")
        if count % frames_per_scene == 0:
            scenes.append({})
        for segment in frame.segments:
            if scenes[-1].setdefault(segment.id, segment) != segment:
                raise ValueError(f"frame {count}: segment {segment.id} was something else before")
        _write_entry(file, RGB.format(count), _encoded(frame.rgb, "WEBP", quality=_QUALITY, method=6))
        _write_entry(file, DEPTH.format(count), _encoded(disparity(frame.depth), "PNG", optimize=True))
        ids = frame.segment_ids.astype(np.uint8)  # the header refuses ids above 255
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
    file.writestr(zipfile.ZipInfo(name, _DATE), content)  # stored, not deflated
