"""Writing of PNG files."""

from pathlib import Path

import numpy as np
from PIL import Image as Picture


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write an (H, W, 3) uint8 RGB image. Raises OSError with the name of the file."""
    try:
        Picture.fromarray(pixels).save(path, format="png")
    except OSError as error:  # Pillow leaves the name out
        raise OSError(error.errno, error.strerror, str(path)) from error
