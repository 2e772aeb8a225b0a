"""Recorded frames; `python -m eovseg_model.simulation.recording OUT.zip` records the simulated robot."""

import argparse
import bisect
import itertools
import sys
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np

from .frame import Frame, TrueSegment
from .recording_format import DEPTH, HEADER, RGB, SEGMENTS, RecordingHeader, read_header
from .rendering.errors import PyBulletMissing


class Recording:
    """A recording opened for reading; images are decoded on request.

    The constructor raises ValueError if an entry is missing, the methods if an image cannot be decoded. They
    raise IndexError for a frame that does not exist.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            self._zip = zipfile.ZipFile(self.path)
        except OSError as error:
            raise self._error(error.strerror or str(error)) from None
        except (zipfile.BadZipFile, RuntimeError, ValueError) as error:  # also a newer version of ZIP
            raise self._error(str(error)) from None
        try:
            self.header = self._read_header()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Return the number of frames."""
        return self.header.frames

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.header.rate

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self) / self.rate

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def frame(self, i: int) -> Frame:
        """Return frame `i`."""
        ids = self.segment_ids(i)
        header = self.header
        lens = {"fx": header.fx, "fy": header.fy, "cx": header.cx, "cy": header.cy}
        return Frame(self.rgb(i), self.depth(i), ids, self.segments(i, ids), **lens)

    def rgb(self, i: int) -> np.ndarray:
        """Return the image of frame `i`, (H, W, 3) uint8 RGB."""
        return cv2.cvtColor(self._image(RGB, i, np.uint8, (3,)), cv2.COLOR_BGR2RGB)

    def depth(self, i: int) -> np.ndarray:
        """Return the depth of frame `i`, (H, W) float32, metres along the optical axis, 0 where unknown."""
        values = self._image(DEPTH, i, np.uint16).astype(np.float32)
        return np.divide(np.float32(self.header.depth_scale), values, out=values, where=values > 0)

    def segment_ids(self, i: int) -> np.ndarray:
        """Return the segment ids of frame `i`, (H, W) int32, 0 = void."""
        return self._image(SEGMENTS, i, np.uint8).astype(np.int32)

    def segments(self, i: int, ids: np.ndarray) -> list[TrueSegment]:
        """Return the ground-truth segments with pixels in `ids`, the segment ids of frame `i`."""
        scene = bisect.bisect_right(self.header.first_frames, i) - 1
        present = np.bincount(ids.ravel(), minlength=256) > 0
        return [segment for segment in self.header.segments[scene] if present[segment.id]]

    def _read_header(self) -> RecordingHeader:
        text = self._read(HEADER)
        try:
            header = read_header(text)
        except ValueError as error:
            raise self._error(f"{HEADER}: {error}") from None
        names = set(self._zip.namelist())
        for name, i in itertools.product((RGB, DEPTH, SEGMENTS), range(header.frames)):
            if name.format(i) not in names:
                raise self._error(f"{name.format(i)} is missing")
        return header

    def _image(self, name: str, i: int, dtype: type, channels: tuple[int, ...] = ()) -> np.ndarray:
        """Decode an image (H, W, *channels) of dtype."""
        if not 0 <= i < len(self):
            raise IndexError(f"frame {i} does not exist; the recording has {len(self)} frames")
        name = name.format(i)
        content = np.frombuffer(self._read(name), np.uint8)
        # OpenCV decodes WebP three times as fast as Pillow.
        try:
            image = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
        except cv2.error as error:  # a size that OpenCV refuses
            raise self._error(f"{name}: {error}") from None
        if image is None:
            raise self._error(f"{name} is not an image or is damaged")
        shape = (self.header.height, self.header.width, *channels)
        if image.shape != shape or image.dtype != dtype:
            raise self._error(f"{name} must be {np.dtype(dtype)} {shape}; got {image.dtype} {image.shape}")
        return image

    def _read(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except KeyError:
            raise self._error(f"{name} is missing") from None
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, ValueError) as error:
            raise self._error(f"{name}: {error}") from None  # also encrypted, or compressed in an unknown way

    def _error(self, reason: str) -> ValueError:
        return ValueError(f"cannot read the recording {self.path}: {reason}")


def main(arguments: list[str] | None = None) -> int:
    """Render and write a recording; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eovseg_model.simulation.recording",
        description="Record the simulated robot's camera with depth and ground truth. Needs PyBullet. The "
        "options determine the file.",
    )
    parser.add_argument("out", type=Path, help="output ZIP file")
    parser.add_argument("--seconds", type=float, default=56.0, help="duration (default: 56)")
    parser.add_argument("--rate", type=float, default=10.0, help="frames per second (default: 10)")
    parser.add_argument(
        "--seed", type=int, default=3_000_000, help="seed of the first scene (default: 3000000)"
    )
    parser.add_argument("--scene-period", type=float, default=8.0, help="seconds per scene (default: 8)")
    parser.add_argument("--width", type=int, default=320, help="image width in pixels (default: 320)")
    parser.add_argument("--height", type=int, default=240, help="image height in pixels (default: 240)")
    options = parser.parse_args(arguments)
    if min(options.seconds, options.rate, options.scene_period, options.width, options.height) <= 0:
        parser.error("--seconds, --rate, --scene-period, --width and --height must be positive")
    if options.seed < 0:
        parser.error("--seed must not be negative")
    try:
        from .robot_frames import rendered_frames
    except PyBulletMissing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    from .recording_writer import write_recording

    frames_per_scene = max(1, round(options.rate * options.scene_period))
    frames = rendered_frames(
        seed=options.seed,
        kept_out=True,
        frames_per_scene=frames_per_scene,
        step=1 / options.rate,
        size=(options.width, options.height),
    )
    count = max(1, round(options.seconds * options.rate))
    settings = f"--seconds {options.seconds:g} --rate {options.rate:g} --seed {options.seed}"
    settings += f" --scene-period {options.scene_period:g} --width {options.width} --height {options.height}"
    write_recording(
        options.out,
        itertools.islice(frames, count),
        rate=options.rate,
        frames_per_scene=frames_per_scene,
        made_by=f"{parser.prog} {settings}",
    )
    print(f"{options.out}: {count} frames, {options.out.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
