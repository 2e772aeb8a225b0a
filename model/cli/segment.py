"""Segment images, folders of images, and videos.

Writes an overlay and a panoptic PNG per image, and a panoptic.json in COCO's format for all images. Objects
of a video are tracked: its overlay video and its JSON with the segments of each frame have their track ids.
Files that cannot be read are skipped with an error message, and the exit code is 1. Images are rotated by
their EXIF orientation. Only the first image of an animation or multi-page file is used.
"""

import argparse
from functools import partial
from pathlib import Path

from ..data import MAX_PIXELS
from .arguments.errors import CommandError
from .arguments.model_arguments import add_model_arguments, load_predictor

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".gif", ".jp2"}
VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("inputs", type=Path, nargs="+", metavar="INPUT", help="an image, a folder of images, or a video")
    add("--vocabulary", nargs="+", required=True, metavar="ENTRY", help="'mug,cup' 'floor|stuff' @lvis")
    add_model_arguments(parser)
    add("--out", type=Path, default=Path("eovseg_out"), help="output folder (default: eovseg_out)")
    add("--object-threshold", type=_fraction, default=0.0, help="minimum score of a segment (default: 0.0)")
    text = "minimum share of its mask that a segment must win (default: 0.8, tiny 0.6)"
    add("--overlap-threshold", type=_fraction, help=text)
    add("--opacity", type=_fraction, default=0.5, help="opacity of the overlay's colours (default: 0.5)")
    text = f"skip images and videos with more pixels (default: {MAX_PIXELS}, a frame of 8K video)"
    add("--max-pixels", type=_positive, default=MAX_PIXELS, metavar="N", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Segment all files; return 0, or 1 if a file failed."""
    from .segmentation import Segmentation

    images, videos = _files(arguments.inputs)
    if arguments.out.is_file():
        raise CommandError(f"--out must be a folder; {arguments.out} is a file")
    predictor = load_predictor(arguments, arguments.vocabulary)
    predict = partial(
        predictor,
        short_side=arguments.short_side,
        object_threshold=arguments.object_threshold,
        overlap_threshold=arguments.overlap_threshold,
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    vocabulary = predictor.vocabulary.vocabulary
    segmentation = Segmentation(
        predict, vocabulary, arguments.out, opacity=arguments.opacity, max_pixels=arguments.max_pixels
    )
    segmentation.images(images)
    segmentation.videos(videos)
    print(segmentation.summary())
    return 1 if segmentation.failures else 0


def _files(inputs: list[Path]) -> tuple[list[Path], list[Path]]:
    """Return the images and videos. Raises CommandError for an empty folder, or if no input exists."""
    if not any(path.exists() for path in inputs):
        raise CommandError(f"file or folder not found: {inputs[0]}")
    files: list[Path] = []
    for path in inputs:
        found = [path]  # missing files are reported later, like unreadable ones
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGES | VIDEOS)
        if not found:
            raise CommandError(f"no images or videos in {path} ({' '.join(sorted(IMAGES | VIDEOS))})")
        files += found
    videos = [path for path in files if path.suffix.lower() in VIDEOS]
    return [path for path in files if path not in videos], videos


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0; got {text!r}")
    return int(text)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1; got {text!r}")
    return value
