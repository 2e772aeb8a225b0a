"""Runs a predictor over files and writes what it finds."""

import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from ..data.coco_results import coco_categories, to_coco_panoptic
from ..overlay import draw_overlay
from ..predictor import EOVSegPredictor, PanopticResult
from .errors import CommandError


class Segmentation:
    """Overlays, COCO panoptic PNGs and one JSON in a folder; files that cannot be read are named and left out."""

    def __init__(
        self,
        predictor: EOVSegPredictor,
        out: Path,
        *,
        short_side: int | None | Literal["variant"],
        opacity: float,
    ) -> None:
        self.failures: list[str] = []
        self._predictor = predictor
        self._out = out
        self._short_side = short_side
        self._opacity = opacity
        self._seconds: list[float] = []
        self._found: Counter[str] = Counter()

    def images(self, files: list[Path]) -> None:
        """One overlay and one panoptic PNG an image, and panoptic.json for all."""
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for file in tqdm(files, unit="image", disable=len(files) == 1):
            try:
                picture = np.array(Image.open(file).convert("RGB"))
            except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
                self._fail(file, str(error))
                continue
            result = self._segment(picture)
            png = f"{_plain_name(file, files)}_panoptic.png"
            ids, annotation = to_coco_panoptic(result, len(images) + 1, png)
            Image.fromarray(ids).save(self._out / png)
            Image.fromarray(self._overlay(picture, result)).save(self._out / png.replace("_panoptic", "_overlay"))
            height, width = picture.shape[:2]
            images.append({"id": len(images) + 1, "file_name": file.name, "height": height, "width": width})
            annotations.append(annotation)
        categories = coco_categories(self._predictor.vocabulary.vocabulary)
        content = {"images": images, "annotations": annotations, "categories": categories}
        (self._out / "panoptic.json").write_text(json.dumps(content))

    def video(self, file: Path) -> None:
        """An overlay video with the input's size and rate."""
        source = cv2.VideoCapture(str(file))
        if not source.isOpened():
            raise CommandError(f"{file} is not a readable video")
        size = (int(source.get(cv2.CAP_PROP_FRAME_WIDTH)), int(source.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        target = self._out / f"{file.stem}_overlay.mp4"
        rate = source.get(cv2.CAP_PROP_FPS) or 25.0
        writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), rate, size)
        total = max(0, int(source.get(cv2.CAP_PROP_FRAME_COUNT)))
        try:
            with tqdm(total=total or None, unit="frame") as progress:
                while (frame := source.read())[0]:
                    picture = cv2.cvtColor(frame[1], cv2.COLOR_BGR2RGB)
                    overlay = self._overlay(picture, self._segment(picture))
                    writer.write(cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR))
                    progress.update()
        finally:
            source.release()
            writer.release()
        if not self._seconds:
            self._fail(file, "no frame could be decoded")

    def summary(self) -> str:
        """A table of what was found, and the figures of the run."""
        lines = [f"{'name':32}{'segments':>10}"]
        lines += [f"{name:32}{count:10d}" for name, count in self._found.most_common()]
        median = f", {1000 * statistics.median(self._seconds):.0f} ms each (median)" if self._seconds else ""
        lines.append(f"{len(self._seconds)} segmented{median}, {len(self.failures)} failed; written to {self._out}")
        return "\n".join(lines)

    def _segment(self, picture: np.ndarray) -> PanopticResult:
        start = time.perf_counter()
        result = self._predictor(picture, short_side=self._short_side)
        self._seconds.append(time.perf_counter() - start)
        self._found.update(s.label for s in result.segments)
        return result

    def _overlay(self, picture: np.ndarray, result: PanopticResult) -> np.ndarray:
        ids = result.map.cpu().numpy().astype(np.uint16)
        return draw_overlay(picture, ids, result.segments, opacity=self._opacity)

    def _fail(self, file: Path, reason: str) -> None:
        self.failures.append(str(file))
        print(f"eovseg: {file} is left out: {reason}", file=sys.stderr)


def _plain_name(file: Path, files: list[Path]) -> str:
    """The file's name without its ending, unless another file has the same one."""
    return file.stem if [f.stem for f in files].count(file.stem) == 1 else file.name.replace(".", "_")
