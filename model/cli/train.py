"""Train S, M or L as published, or any variant with a recipe of your own.

The same command goes on where an interrupted run stopped. Several GPUs: torchrun (docs/training.md).
"""

import argparse
from pathlib import Path

from ..network import CONFIGS
from .arguments.errors import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="JSON; what it does not name is as published")
    add("--data", type=Path, required=True, metavar="FOLDER", help="where the data set is")
    add("--out", type=Path, required=True, metavar="FOLDER", help="for weights, checkpoints, curves")
    add("--variant", choices=CONFIGS, default="s")
    text = "fine-tune these weights; default: only the CLIPs are there, from open_clip's download"
    add("--checkpoint", type=Path, metavar="FILE", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Train; 0 when the weights are there, of which the first process tells."""
    try:
        from ..training import Recipe, RecipeError, read_recipe, read_variant, train_supervised
    except ModuleNotFoundError as error:
        if error.name not in ("lightning_fabric", "tensorboard"):
            raise
        raise CommandError(f"training needs another package: pip install {error.name}") from error
    from ..checkpoint import CheckpointError
    from ..data import DatasetError

    try:
        recipe = read_recipe(arguments.config) if arguments.config else Recipe()
        named = read_variant(arguments.config) if arguments.config else None
        if named not in (None, arguments.variant):
            raise RecipeError(f"{arguments.config} is for --variant {named}, not {arguments.variant}")
        weights = train_supervised(
            recipe, arguments.variant, arguments.data, arguments.out, arguments.checkpoint
        )
    except (RecipeError, DatasetError, CheckpointError) as error:
        raise CommandError(str(error)) from error
    if weights:
        print(f"{weights} is there; eovseg evaluate --checkpoint {weights} --variant {arguments.variant} ...")
    return 0
