"""Segment files with a predictor and write the results."""

import json
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from ..data import coco_categories, read_picture, to_coco_panoptic, to_coco_segments
from ..drawing import draw_overlay
from ..inference import PanopticResult
from ..tracking import Tracker
from ..vocabulary import Vocabulary
from .video import VideoWriter, count_frames, frame_rate, read_frames


class Segmentation:
    """Write overlays, COCO panoptic PNGs and a JSON into a folder; skip files that fail, with a message."""

    def __init__(
        self,
        predict: Callable[[np.ndarray], PanopticResult],
        vocabulary: Vocabulary,
        out: Path,
        *,
        opacity: float,
        max_pixels: int,
    ) -> None:
        self.failures: list[Path] = []
        self._predict = predict
        self._vocabulary = vocabulary
        self._out = out
        self._opacity = opacity
        self._max_pixels = max_pixels
        self._seconds: list[float] = []
        self._found: Counter[str] = Counter()
        self._names: set[str] = set()

    def images(self, files: Sequence[Path]) -> None:
        """Write an overlay and a panoptic PNG per image, and panoptic.json, also if interrupted."""
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        try:
            for file in tqdm(files, unit="image", disable=not files):
                try:
                    picture = self._read(file)
                    result = self._segment(picture)
                except (ValueError, RuntimeError) as error:
                    self._fail(file, error)
                    continue
                name, number = self._unused_name(file), len(images) + 1
                ids, annotation = to_coco_panoptic(result, number, f"{name}_panoptic.png")
                Image.fromarray(ids).save(self._out / annotation["file_name"])
                Image.fromarray(self._overlay(picture, result)).save(self._out / f"{name}_overlay.png")
                height, width = picture.shape[:2]
                images.append({"id": number, "file_name": file.name, "height": height, "width": width})
                annotations.append(annotation)
        finally:
            if images:
                self._write_json("panoptic.json", images, annotations)

    def videos(self, files: Sequence[Path]) -> None:
        """Follow objects through each video; write an overlay video, with its size and rate, and a JSON."""
        for file in files:
            try:
                self._video(file, self._unused_name(file))
            except (ValueError, RuntimeError, OSError) as error:
                self._fail(file, error)

    def _video(self, file: Path, name: str) -> None:
        """Write what was done of the video also if it breaks off."""
        rate, tracker = frame_rate(file), Tracker()
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        try:
            with VideoWriter(self._out / f"{name}_overlay.mp4", rate=rate) as writer:
                frames = read_frames(file, max_pixels=self._max_pixels)
                for i, picture in enumerate(tqdm(frames, file.name, count_frames(file), unit="frame")):
                    result, stamp = self._predict_timed(picture), i / rate
                    segments = tracker.update(result, stamp)
                    self._found.update(segment.label for segment in segments)
                    writer.write(draw_overlay(picture, result.label_image, segments, opacity=self._opacity))
                    height, width = picture.shape[:2]
                    images.append(
                        {"id": i + 1, "frame_index": i, "stamp": stamp, "height": height, "width": width}
                    )
                    found = to_coco_segments(result.label_image, segments)
                    annotations.append({"image_id": i + 1, "segments_info": found})
        finally:
            if images:
                self._write_json(f"{name}_segments.json", images, annotations)

    def summary(self) -> str:
        """Return a table of the segments found, and the totals of the run."""
        lines = [f"{label:32}{count:10d}" for label, count in self._found.most_common()]
        median = f", {1000 * statistics.median(self._seconds):.0f} ms each (median)" if self._seconds else ""
        total = f"{len(self._seconds)} segmented{median}, {len(self.failures)} failed; written to {self._out}"
        return "\n".join([f"{'name':32}{'segments':>10}", *lines, total])

    def _read(self, file: Path) -> np.ndarray:
        """Read (H, W, 3) uint8 RGB; print warnings of the reader to stderr."""
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            picture = read_picture(file, max_pixels=self._max_pixels)
        for remark in remarks:
            tqdm.write(f"eovseg: {remark.message}", file=sys.stderr)
        return picture

    def _write_json(self, name: str, images: list[dict[str, Any]], annotations: list[dict[str, Any]]) -> None:
        categories = coco_categories(self._vocabulary)
        content = {"images": images, "annotations": annotations, "categories": categories}
        (self._out / name).write_text(json.dumps(content), encoding="utf-8")

    def _segment(self, picture: np.ndarray) -> PanopticResult:
        result = self._predict_timed(picture)
        self._found.update(segment.label for segment in result.segments)
        return result

    def _predict_timed(self, picture: np.ndarray) -> PanopticResult:
        start = time.perf_counter()
        result = self._predict(picture)
        self._seconds.append(time.perf_counter() - start)
        return result

    def _overlay(self, picture: np.ndarray, result: PanopticResult) -> np.ndarray:
        return draw_overlay(picture, result.label_image, result.segments, opacity=self._opacity)

    def _unused_name(self, file: Path) -> str:
        """Return the file's name without its suffix, numbered if it is already in use."""
        candidates: Iterator[str] = (f"{file.stem}_{i}" if i > 1 else file.stem for i in range(1, 1_000_000))
        name = next(candidate for candidate in candidates if candidate not in self._names)
        self._names.add(name)
        return name

    def _fail(self, file: Path, error: Exception) -> None:
        self.failures.append(file)
        reason = " ".join(str(error).removeprefix(f"cannot read {file}: ").split()) or type(error).__name__
        tqdm.write(f"eovseg: skipped {file}: {reason}", file=sys.stderr)
