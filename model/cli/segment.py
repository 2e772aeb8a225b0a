"""Segment images, folders of them, and videos.

Writes an overlay and a panoptic PNG an image, one panoptic.json in COCO's format for all images, and an
overlay video a video. A file that cannot be read is named and left out; the exit code is 1 then.
Images are turned as their EXIF data says; of an animation or several pages the first picture is taken.
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
    add("--out", type=Path, default=Path("eovseg_out"), help="folder to write (default: eovseg_out)")
    add("--object-threshold", type=_fraction, default=0.0, help="least score of a segment (default: 0.0)")
    text = "least part of a mask that must stay visible under better ones (default: 0.8, tiny 0.6)"
    add("--overlap-threshold", type=_fraction, help=text)
    add("--opacity", type=_fraction, default=0.5, help="of the overlay's colours (default: 0.5)")
    text = f"leave out pictures and videos with more pixels (default: {MAX_PIXELS}, a frame of 8K video)"
    add("--max-pixels", type=_positive, default=MAX_PIXELS, metavar="N", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Segment everything; 0, or 1 if a file failed."""
    from .segmentation import Segmentation

    images, videos = _files(arguments.inputs)
    if arguments.out.is_file():
        raise CommandError(f"--out is a folder to write; {arguments.out} is a file")
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
    """Images and videos to read; CommandError for a folder that holds none, or if nothing is there at all."""
    if not any(path.exists() for path in inputs):
        raise CommandError(f"there is no file or folder {inputs[0]}")
    files: list[Path] = []
    for path in inputs:
        found = [path]  # a missing file is named when its turn comes, like an unreadable one
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGES | VIDEOS)
        if not found:
            raise CommandError(f"{path} holds no images or videos ({' '.join(sorted(IMAGES | VIDEOS))})")
        files += found
    videos = [path for path in files if path.suffix.lower() in VIDEOS]
    return [path for path in files if path not in videos], videos


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"a whole number above 0, not {text!r}")
    return int(text)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1, not {text!r}")
    return value
