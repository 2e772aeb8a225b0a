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

from ..data import coco_categories, read_picture, to_coco_panoptic
from ..drawing import draw_overlay
from ..inference import PanopticResult
from ..vocabulary import Vocabulary
from .video import VideoWriter, count_frames, read_frames


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
                categories = coco_categories(self._vocabulary)
                content = {"images": images, "annotations": annotations, "categories": categories}
                (self._out / "panoptic.json").write_text(json.dumps(content), encoding="utf-8")

    def videos(self, files: Sequence[Path]) -> None:
        """Write an overlay video per video, with its size and rate."""
        for file in files:
            target = self._out / f"{self._unused_name(file)}_overlay.mp4"
            try:
                with VideoWriter(target, like=file) as writer:
                    frames = read_frames(file, max_pixels=self._max_pixels)
                    for picture in tqdm(frames, file.name, count_frames(file), unit="frame"):
                        writer.write(self._overlay(picture, self._segment(picture)))
            except (ValueError, RuntimeError, OSError) as error:
                self._fail(file, error)

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

    def _segment(self, picture: np.ndarray) -> PanopticResult:
        start = time.perf_counter()
        result = self._predict(picture)
        self._seconds.append(time.perf_counter() - start)
        self._found.update(segment.label for segment in result.segments)
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
