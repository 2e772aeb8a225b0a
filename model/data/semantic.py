"""Semantic data sets: an image and a map of class indices each."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .layout import check_files
from .sample import AnnotatedSegment, Category, PanopticSample

VOID = -1  # class index of a pixel that counts for nothing


class SemanticDataset:
    """Reads images and label files; every class of an image becomes one segment.

    read_labels turns a label file into class indices (H, W), VOID where there is none. Raises
    DatasetError where files are missing.
    """

    def __init__(
        self,
        title: str,
        categories: Sequence[Category],
        image_files: Sequence[Path],
        label_files: Sequence[Path],
        read_labels: Callable[[Path], np.ndarray],
    ) -> None:
        self.categories = categories
        self.image_files = image_files
        self._label_files = label_files
        self._read_labels = read_labels
        check_files(title, "images", image_files)
        check_files(title, "label files", label_files)

    def __len__(self) -> int:
        return len(self.image_files)

    def labels(self, index: int) -> np.ndarray:
        """Class index of every pixel (H, W) int32, VOID where there is none."""
        return self._read_labels(self._label_files[index])

    def __getitem__(self, index: int) -> PanopticSample:
        image = np.asarray(Image.open(self.image_files[index]).convert("RGB"))
        id_map = self.labels(index) + 1  # VOID is -1, and 0 in an id map
        ids = [int(i) for i in np.unique(id_map) if i]
        return PanopticSample(image, id_map, [AnnotatedSegment(i, i - 1, False) for i in ids])


def semantic_map(sample: PanopticSample) -> np.ndarray:
    """Class index of every pixel (H, W) int32 of a panoptic sample, crowds too, VOID where none is."""
    classes = np.full(sample.id_map.max(initial=0) + 1, VOID, np.int32)
    for segment in sample.segments:
        if segment.id < len(classes):
            classes[segment.id] = segment.category
    return classes[sample.id_map]


def read_shifted(path: Path) -> np.ndarray:
    """Label files where 0 is void and class 0 is 1: ADE20K's, VOC's with 255 for void too."""
    values = np.asarray(Image.open(path)).astype(np.int32)
    return np.where(values == 255, VOID, values - 1)


def read_indices(path: Path, void: int) -> np.ndarray:
    """Label files of class indices with a value for void: 255 in 8 bits, 65535 in 16."""
    values = np.asarray(Image.open(path)).astype(np.int32)
    return np.where(values == void, VOID, values)
