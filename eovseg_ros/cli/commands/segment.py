"""The command segment."""

import argparse
from pathlib import Path

from std_msgs.msg import Header

from eovseg_model.data import PictureError, read_picture
from eovseg_model.drawing import draw_overlay
from eovseg_ros.cli.commands.command import Command
from eovseg_ros.cli.commands.png_file import write_png
from eovseg_ros.clients import ClientError
from eovseg_ros.messages import array_to_image, image_to_array
from eovseg_ros.msg import PanopticSegmentation

_OPACITY = 0.5


def add_segment(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    segment = commands.add_parser("segment", help="segment an image file, without effect on the stream")
    segment.add_argument("image", type=Path, help="image file")
    segment.add_argument(
        "--vocabulary", nargs="+", default=[], metavar="ENTRY", help="default: the live vocabulary"
    )
    segment.add_argument("--out", type=Path, help="PNG file for the overlay")
    segment.set_defaults(run=_segment)


def _segment(command: Command) -> None:
    options = command.options
    try:
        rgb = read_picture(options.image)
    except PictureError as error:
        raise ClientError(str(error)) from error
    image = array_to_image(rgb, "rgb8", Header())
    answer = command.client.segment(image, options.vocabulary, options.timeout)
    print(_describe(answer.segmentation))
    if options.out:
        segments = answer.segmentation.segments
        write_png(options.out, draw_overlay(rgb, image_to_array(answer.panoptic), segments, opacity=_OPACITY))


def _describe(message: PanopticSegmentation) -> str:
    """Return a line per segment, largest first."""
    lines = [f"{'id':>5}  {'pixels':>8}  {'share':>6}  {'score':>5}  name"]
    for s in sorted(message.segments, key=lambda s: -s.pixel_area):
        share = s.pixel_area / (message.height * message.width)
        kind = "" if s.is_thing else "  (stuff)"
        lines.append(f"{s.id:5d}  {s.pixel_area:8d}  {share:6.1%}  {s.score:5.0%}  {s.label}{kind}")
    return "\n".join(lines)
