"""Render simulated scenes as a COCO panoptic data set, for training and evaluation.

The arguments determine the data set. Run the same command again to continue an interrupted one. Needs
PyBullet.
"""

import argparse

from ..simulation import PyBulletMissing, add_scene_arguments
from .arguments.errors import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_scene_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render; return 0 when the data set is complete."""
    try:
        from ..simulation import render_scenes

        render_scenes(arguments)
    except (PyBulletMissing, ValueError) as error:
        raise CommandError(str(error)) from error
    print(f"{arguments.out}/panoptic.json is complete")
    return 0
