"""The authors' checkpoints (Apache-2.0): where they are, and where they are kept."""

from pathlib import Path

# Google Drive ids, from the authors' repository.
DRIVE_IDS = {
    "s": "1UgLrRxpi4l30F8zTqhEv7cEW23TCGv3h",
    "m": "1--SYgaWs8_Ry2ouXBJO8FfSWH7D-Pejk",
    "l": "1dVfHpzmCOlV6hLfUpd3nHXz62wdB7RY2",
}


def published_url(variant: str) -> str:
    """Address of a variant's checkpoint."""
    return f"https://drive.google.com/uc?id={DRIVE_IDS[variant]}"


def downloaded_path(cache: Path, variant: str) -> Path:
    """Where the checkpoint is put as it comes."""
    return cache / "weights" / f"eovseg_{variant}.pth"


def converted_path(cache: Path, variant: str) -> Path:
    """Where it is kept in our form, there or not."""
    return cache / "weights" / f"eovseg_{variant}.safetensors"
