"""Mean intersection over union (mIoU) of semantic segmentation, accumulated image by image."""

from collections.abc import Sequence

import numpy as np

from ...data import VOID_CLASS


class MeanIoU:
    """Confusion matrix of pixels; memory does not grow with the number of images.

    Example:
        >>> iou = MeanIoU(num_classes=2)
        >>> iou.update(predicted=np.array([[0, 0, 1, 1]]), true=np.array([[0, 1, 1, 1]]))
        >>> iou.of_class(0)  # 1 pixel in common of 2
        50.0
    """

    def __init__(self, num_classes: int) -> None:
        self.confusion = np.zeros((num_classes, num_classes), np.int64)  # true x predicted

    def update(self, predicted: np.ndarray, true: np.ndarray) -> None:
        """Add an image: two (H, W) maps of class indices; pixels with ground truth VOID_CLASS are ignored."""
        if predicted.shape != true.shape:
            raise ValueError(f"maps differ in shape: prediction {predicted.shape}, ground truth {true.shape}")
        valid = true != VOID_CLASS
        num_classes = len(self.confusion)
        pairs = true[valid].astype(np.int64) * num_classes + predicted[valid]
        self.confusion += np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)

    def of_class(self, class_id: int) -> float | None:
        """Return the IoU of a class in percent; None without ground truth."""
        true = int(self.confusion[class_id].sum())
        if not true:
            return None
        both = int(self.confusion[class_id, class_id])
        return 100 * both / (true + int(self.confusion[:, class_id].sum()) - both)

    def mean(self, class_ids: Sequence[int]) -> float | None:
        """Return the mean IoU of those of the classes that have ground truth; None if none has."""
        present = [iou for iou in map(self.of_class, class_ids) if iou is not None]
        return float(np.mean(present)) if present else None
