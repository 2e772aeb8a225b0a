"""Segment images, a folder of them, or a video."""

import argparse
from pathlib import Path

from .errors import CommandError

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm"}
VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("input", type=Path, help="an image, a folder of images, or a video")
    parser.add_argument("--vocabulary", nargs="+", required=True, metavar="ENTRY", help="'mug,cup' 'floor|stuff' @lvis")
    parser.add_argument("--variant", choices=("tiny", "s", "m", "l"), default="s")
    parser.add_argument("--checkpoint", type=Path, help="weights; default: what `eovseg weights fetch` got")
    parser.add_argument("--out", type=Path, default=Path("eovseg_out"), help="folder to write (default: eovseg_out)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--short-side", type=int, help="pixels; 0: no resizing; default: what the variant was made for")
    parser.add_argument("--opacity", type=float, default=0.5, help="of the overlay's colours (default: 0.5)")


def run(arguments: argparse.Namespace) -> int:
    """Write overlays, panoptic PNGs and panoptic.json; 1 if a file could not be read, else 0."""
    from ..checkpoint.loading import CheckpointError
    from ..predictor import EOVSegPredictor
    from ..vocabulary import VocabularyError
    from .segmentation import Segmentation

    files = _input_files(arguments.input)
    try:
        predictor = EOVSegPredictor.from_checkpoint(
            arguments.variant, arguments.checkpoint, arguments.vocabulary, device=arguments.device
        )
    except (CheckpointError, VocabularyError, RuntimeError) as error:
        raise CommandError(str(error)) from error
    short_side = {None: "variant", 0: None}.get(arguments.short_side, arguments.short_side)
    arguments.out.mkdir(parents=True, exist_ok=True)
    segmentation = Segmentation(predictor, arguments.out, short_side=short_side, opacity=arguments.opacity)
    if arguments.input.suffix.lower() in VIDEOS:
        segmentation.video(arguments.input)
    else:
        segmentation.images(files)
    print(segmentation.summary())
    return 1 if segmentation.failures else 0


def _input_files(path: Path) -> list[Path]:
    """The files to read; CommandError where there is nothing."""
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGES)
        if not files:
            raise CommandError(f"{path} holds no images ({', '.join(sorted(IMAGES))})")
        return files
    if not path.is_file():
        raise CommandError(f"there is no file or folder {path}")
    return [path]
