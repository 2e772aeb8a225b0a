"""Sequences of frames in COCO panoptic format with a track id for every segment."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from .coco_panoptic import CocoPanoptic
from .layout import DatasetError
from .sample import Category, PanopticSample


class SequenceFrame(NamedTuple):
    """A frame with its ground truth: track_ids has one entry per segment of the sample, in their order."""

    sequence: int
    frame_index: int
    stamp: float  # seconds
    sample: PanopticSample
    track_ids: tuple[int, ...]


class CocoSequences:
    """Reader of a folder that `python -m eovseg_model.simulation.sequences` wrote.

    Raises DatasetError if files, or the sequence, frame index, stamp or track ids of an image are missing.
    """

    def __init__(self, root: str | Path) -> None:
        self._panoptic = CocoPanoptic.from_folder(root)
        file = Path(root) / "panoptic.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        images = {image["id"]: image for image in content["images"]}
        try:
            self._images = [
                (i["sequence_id"], i["frame_index"], float(i["stamp"]))
                for i in (images[a["image_id"]] for a in content["annotations"])
            ]
            self._tracks = [tuple(s["track_id"] for s in a["segments_info"]) for a in content["annotations"]]
        except KeyError as error:
            raise DatasetError(
                f"{file} has no {error}, so it contains no sequences; render some with "
                "python -m eovseg_model.simulation.sequences"
            ) from None

    @property
    def categories(self) -> Sequence[Category]:
        """The classes, indexed by a segment's category."""
        return self._panoptic.categories

    def sequences(self) -> list[list[int]]:
        """Return the indices of every sequence's images, in the order of its frames."""
        order = sorted(range(len(self._images)), key=lambda i: self._images[i])
        return [list(frames) for _, frames in groupby(order, key=lambda i: self._images[i][0])]

    def frame(self, index: int) -> SequenceFrame:
        """Read an image of the data set with its ground truth."""
        return SequenceFrame(*self._images[index], self._panoptic[index], self._tracks[index])
