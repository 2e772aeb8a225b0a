"""The authors' checkpoints (Apache-2.0): where they are, and where they are kept."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PublishedFile:
    """One checkpoint: its id on Google Drive, from the authors' repository, and its size in our form."""

    drive_id: str
    converted_bytes: int  # of the tensors

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://drive.google.com/uc?id={self.drive_id}"


PUBLISHED_FILES = {
    "s": PublishedFile("1UgLrRxpi4l30F8zTqhEv7cEW23TCGv3h", 556_134_172),
    "m": PublishedFile("1--SYgaWs8_Ry2ouXBJO8FfSWH7D-Pejk", 890_669_804),
    "l": PublishedFile("1dVfHpzmCOlV6hLfUpd3nHXz62wdB7RY2", 1_525_578_084),
}


def converted_path(cache: Path, variant: str) -> Path:
    """Where a variant's checkpoint is kept in our form, there or not."""
    return cache / "weights" / f"eovseg_{variant}.safetensors"
