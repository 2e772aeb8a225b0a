"""Format of a recording: a ZIP file.

The entries are stored without compression, so that each frame can be read alone:

    recording.json        rate, size, intrinsics, depth scale, and the segments of every scene
    rgb/00000.webp        the image
    depth/00000.png       16 bit; scale / value = metres, 0 = unknown
    segments/00000.png    8 bit; ids of the ground-truth segments, 0 = void

Depth is quantised as disparity, as in a stereo camera, so the step grows with the square of the distance.
With a scale of 250 it is 4 mm at 1 m, 16 mm at 2 m and 64 mm at 4 m. The error is at most half a step.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from .frame import TrueSegment

HEADER, RGB, DEPTH, SEGMENTS = "recording.json", "rgb/{:05d}.webp", "depth/{:05d}.png", "segments/{:05d}.png"
FORMAT = "eovseg recording 1"
LARGEST_ID = 255  # segment ids are stored in one byte per pixel


@dataclass(frozen=True, kw_only=True)
class RecordingHeader:
    """Size, rate, intrinsics in pixels and segments of every scene. Raises ValueError for invalid values."""

    rate: float  # frames per second
    frames: int
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    depth_scale: float  # metres times the value in a depth image
    first_frames: tuple[int, ...]  # of every scene
    segments: tuple[tuple[TrueSegment, ...], ...]  # of every scene, by id
    made_by: str = ""

    def __post_init__(self) -> None:
        for name in ("rate", "frames", "width", "height", "fx", "fy", "depth_scale"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be a positive number; got {getattr(self, name)}")
        starts = list(self.first_frames)
        if starts[:1] != [0] or starts != sorted(set(starts)) or starts[-1] >= self.frames:
            raise ValueError(f"scenes must start at frame 0 and at increasing frames below {self.frames}")
        for segment in (segment for scene in self.segments for segment in scene):
            if not 0 < segment.id <= LARGEST_ID:
                raise ValueError(f"segment ids must be 1 to {LARGEST_ID}; got {segment.id}")

    def write(self) -> str:
        """Return the text of recording.json."""
        scenes = [
            {"first_frame": first, "segments": [segment._asdict() for segment in segments]}
            for first, segments in zip(self.first_frames, self.segments, strict=True)
        ]
        content = {
            "format": FORMAT,
            "made_by": self.made_by,
            "rate": self.rate,
            "frames": self.frames,
            "width": self.width,
            "height": self.height,
            "intrinsics": {"fx": self.fx, "fy": self.fy, "cx": self.cx, "cy": self.cy},
            "depth": f"metres = {self.depth_scale:g} / value, 0 = unknown",
            "depth_scale": self.depth_scale,
            "scenes": scenes,
        }
        return json.dumps(content, indent=1) + "\n"


def read_header(text: bytes) -> RecordingHeader:
    """Parse the text of recording.json. Raises ValueError if it is invalid."""
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise ValueError(f"format must be {FORMAT!r}; got {content['format']!r}")
        lens = content["intrinsics"]
        scenes = content["scenes"]
        return RecordingHeader(
            rate=float(content["rate"]),
            frames=int(content["frames"]),
            width=int(content["width"]),
            height=int(content["height"]),
            fx=float(lens["fx"]),
            fy=float(lens["fy"]),
            cx=float(lens["cx"]),
            cy=float(lens["cy"]),
            depth_scale=float(content["depth_scale"]),
            first_frames=tuple(int(scene["first_frame"]) for scene in scenes),
            segments=tuple(tuple(map(_read_segment, scene["segments"])) for scene in scenes),
            made_by=str(content.get("made_by", "")),
        )
    except KeyError as error:
        raise ValueError(f"{error} is missing") from None
    except RecursionError:
        raise ValueError("lists or objects are nested too deeply") from None
    except (TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"a value has the wrong type: {error}") from None


def _read_segment(content: dict[str, Any]) -> TrueSegment:
    return TrueSegment(int(content["id"]), str(content["label"]), bool(content["is_thing"]))
