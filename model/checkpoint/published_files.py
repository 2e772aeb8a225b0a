"""Download addresses of the published checkpoints (Apache-2.0) and their paths in the cache."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PublishedFile:
    """A published checkpoint: its Google Drive id, from the authors' repository, and its converted size."""

    drive_id: str
    converted_bytes: int  # tensors only

    @property
    def url(self) -> str:
        """Return the download URL."""
        return f"https://drive.google.com/uc?id={self.drive_id}"


PUBLISHED_FILES = {
    "s": PublishedFile("1UgLrRxpi4l30F8zTqhEv7cEW23TCGv3h", 556_134_172),
    "m": PublishedFile("1--SYgaWs8_Ry2ouXBJO8FfSWH7D-Pejk", 890_669_804),
    "l": PublishedFile("1dVfHpzmCOlV6hLfUpd3nHXz62wdB7RY2", 1_525_578_084),
}


def converted_path(cache: Path, variant: str) -> Path:
    """Return the path of a variant's converted checkpoint in the cache; it need not exist."""
    return cache / "weights" / f"eovseg_{variant}.safetensors"
