"""Semantic data sets: images with maps of class indices."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .layout import check_files
from .pictures import read_picture
from .sample import AnnotatedSegment, Category, PanopticSample

VOID_CLASS = -1  # class index of unlabelled pixels, which are not evaluated


class SemanticDataset:
    """Reader of images and label files; every class in an image is one segment.

    read_labels returns the class indices (H, W) in a label file, VOID_CLASS for unlabelled pixels. Raises
    DatasetError if files are missing.
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
        """Return the class index of every pixel (H, W) int32, VOID_CLASS for unlabelled pixels."""
        return self._read_labels(self._label_files[index])

    def __getitem__(self, index: int) -> PanopticSample:
        image = read_picture(self.image_files[index], upright=False)  # labels are of the stored pixels
        id_map = self.labels(index) + 1  # VOID_CLASS is -1, and 0 in an id map
        ids = [int(i) for i in np.unique(id_map) if i]
        return PanopticSample(image, id_map, [AnnotatedSegment(i, i - 1, False) for i in ids])


def semantic_map(sample: PanopticSample) -> np.ndarray:
    """Return the class index of every pixel (H, W) int32 of a sample, with crowds; VOID_CLASS elsewhere."""
    classes = np.full(sample.id_map.max(initial=0) + 1, VOID_CLASS, np.int32)
    for segment in sample.segments:
        if segment.id < len(classes):
            classes[segment.id] = segment.category
    return classes[sample.id_map]


def read_shifted(path: Path) -> np.ndarray:
    """Read a label file with 0 for void and 1 for class 0 (ADE20K, VOC); 255 is void, too (VOC)."""
    values = np.asarray(Image.open(path)).astype(np.int32)
    return np.where(values == 255, VOID_CLASS, values - 1)


def read_indices(path: Path, void: int) -> np.ndarray:
    """Read a label file of class indices; void is its value for void: 255 in 8 bits, 65535 in 16."""
    values = np.asarray(Image.open(path)).astype(np.int32)
    return np.where(values == void, VOID_CLASS, values)
