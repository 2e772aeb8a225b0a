"""Class indices as colours."""

import numpy as np

from eovseg_ros.msg import Vocabulary


def colour_labels(semantic: np.ndarray, vocabulary: Vocabulary | None) -> np.ndarray:
    """Colour each class as the vocabulary says; void, and classes that it does not have, are black.

    Args:
        semantic: (H, W) class index + 1, 0 = void.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    table = np.zeros((max(int(semantic.max(initial=0)), len(vocabulary.colors) if vocabulary else 0) + 1, 3))
    for i, colour in enumerate(vocabulary.colors if vocabulary else ()):
        table[i + 1] = 255 * colour.r, 255 * colour.g, 255 * colour.b
    return table.round().astype(np.uint8)[semantic]
