"""Compose the picture of the README from the images of a demo: `python -m eovseg_ros.demo.picture`."""

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from eovseg_ros.demo.acts import ACTS

_WIDTH = 1920  # pixels
_GROUND, _TEXT = (16, 18, 24), (235, 235, 235)
_CAPTION = 33  # height, pixels
_CLOUD_CAPTION = (
    "The same moment of the {title} part as a cloud (~/points), with boxes: "
    "from beside the camera, and from above"
)


def compose(folder: Path, *, cloud: int) -> Image.Image:
    """Put the second image of each act into two rows of two, and the cloud of act number `cloud` below them.

    Raises FileNotFoundError if an image is missing.
    """
    names = [f"{number}_{act.name}" for number, act in enumerate(ACTS, start=1)]
    panels = [_scaled(Image.open(folder / f"{name}_2.png"), _WIDTH // 2) for name in names]
    views = _scaled(Image.open(folder / f"{names[cloud - 1]}_cloud.png"), _WIDTH)
    height = panels[0].height
    picture = Image.new("RGB", (_WIDTH, 2 * height + _CAPTION + views.height), _GROUND)
    for i, panel in enumerate(panels):
        picture.paste(panel, (i % 2 * _WIDTH // 2, i // 2 * height))
    caption = _CLOUD_CAPTION.format(title=("first", "second", "third", "fourth")[cloud - 1])
    font = ImageFont.load_default(15)
    ImageDraw.Draw(picture).text((9, 2 * height + _CAPTION / 2), caption, _TEXT, font, "lm")
    picture.paste(views, (0, 2 * height + _CAPTION))
    return picture


def main(arguments: list[str] | None = None) -> int:
    """Write the picture; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eovseg_ros.demo.picture", description=__doc__)
    parser.add_argument("out", type=Path, help="output file, for example docs/images/demo.jpg")
    parser.add_argument(
        "--demo", type=Path, default=Path("demo_output"), help="output of the demo (default: demo_output)"
    )
    parser.add_argument(
        "--cloud", type=int, default=1, choices=range(1, len(ACTS) + 1), help="part with cloud (default: 1)"
    )
    options = parser.parse_args(arguments)
    try:
        picture = compose(options.demo, cloud=options.cloud)
    except FileNotFoundError as error:
        print(f"error: {error.filename} is missing: run the demo first (make demo)", file=sys.stderr)
        return 1
    picture.save(options.out, quality=88)
    return 0


def _scaled(image: Image.Image, width: int) -> Image.Image:
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
