"""What is written beside the file of results."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """Which forms are wanted; coco is the folder of data sets."""

    copy: bool = False
    video: bool = False
    coco: Path | None = None
