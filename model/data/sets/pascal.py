"""Pascal VOC 2012 (20 classes) and Pascal Context (59 and 459 classes); root is VOCdevkit.

Sources: host.robots.ox.ac.uk/pascal/VOC and cs.stanford.edu/~roozbeh/pascal-context; unpack the latter's
trainval.tar.gz of .mat files in VOC2010.
"""

from pathlib import Path

import numpy as np
from scipy.io import loadmat

from ...vocabulary import load_vocabulary
from ..layout import Split, check_layout
from ..sample import categories_of
from ..semantic import VOID_CLASS, SemanticDataset, read_shifted


def open_voc_20(root: Path, split: Split) -> SemanticDataset:
    """Open VOC's semantic set of 20 classes; background is void. Raises DatasetError."""
    voc = root / "VOC2012"
    names = voc / "ImageSets" / "Segmentation" / f"{split}.txt"
    labels = voc / "SegmentationClass"
    parts = {
        names: "image names",
        voc / "JPEGImages": "images",
        labels: "PNGs of class indices + 1, 0 and 255 = void",
    }
    check_layout("Pascal VOC", parts)
    stems = names.read_text().split()
    return SemanticDataset(
        "Pascal VOC",
        categories_of(load_vocabulary("pascal_voc_20")),
        [voc / "JPEGImages" / f"{stem}.jpg" for stem in stems],
        [labels / f"{stem}.png" for stem in stems],
        read_shifted,
    )


def open_context_459(root: Path, split: Split) -> SemanticDataset:
    """Open Pascal Context with all 459 classes. Raises DatasetError."""
    return _open_context(root, split, "pascal_context_459", np.arange(459))


def open_context_59(root: Path, split: Split) -> SemanticDataset:
    """Open Pascal Context with the 59 most frequent classes; the others are void. Raises DatasetError."""
    return _open_context(root, split, "pascal_context_59", context_59_indices())


def context_59_indices() -> np.ndarray:
    """Return the index among the 59 classes of each of the 459 classes (459,), or VOID_CLASS."""
    labels = load_vocabulary("pascal_context_59").labels
    full = load_vocabulary("pascal_context_459").labels
    indices = np.full(len(full), VOID_CLASS)
    indices[[full.index(label) for label in labels]] = np.arange(len(labels))
    return indices


def _open_context(root: Path, split: Split, vocabulary: str, indices: np.ndarray) -> SemanticDataset:
    voc = root / "VOC2010"
    names, maps = voc / "ImageSets" / "Main" / f"{split}.txt", voc / "trainval"
    parts = {names: "image names", voc / "JPEGImages": "images", maps: ".mat files with a LabelMap each"}
    check_layout("Pascal Context", parts)
    stems = names.read_text().split()
    table = np.concatenate([[VOID_CLASS], indices]).astype(
        np.int32
    )  # label in the file (0 = void) -> class index
    return SemanticDataset(
        "Pascal Context",
        categories_of(load_vocabulary(vocabulary)),
        [voc / "JPEGImages" / f"{stem}.jpg" for stem in stems],
        [maps / f"{stem}.mat" for stem in stems],
        lambda path: table[loadmat(path)["LabelMap"]],
    )
