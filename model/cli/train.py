"""Train S, M or L as published, or any variant with another recipe.

Run the same command again to resume an interrupted training. Use torchrun for several GPUs
(docs/training.md).
"""

import argparse
from pathlib import Path

from ..network import CONFIGS
from .arguments.errors import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="JSON file with changes of the published recipe")
    add("--data", type=Path, required=True, metavar="FOLDER", help="folder of the data set")
    add(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="output folder for weights, checkpoints and curves",
    )
    add("--variant", choices=CONFIGS, default="s")
    text = "weights file to fine-tune (default: start from CLIP's weights, downloaded by open_clip)"
    add("--checkpoint", type=Path, metavar="FILE", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Train; return 0 when the weights are written, which the first process reports."""
    try:
        from ..training import Recipe, RecipeError, read_recipe, read_variant, train_supervised
    except ModuleNotFoundError as error:
        if error.name not in ("lightning_fabric", "tensorboard"):
            raise
        raise CommandError(f"training needs {error.name}: pip install {error.name}") from error
    from ..checkpoint import CheckpointError
    from ..data import DatasetError

    try:
        recipe = read_recipe(arguments.config) if arguments.config else Recipe()
        named = read_variant(arguments.config) if arguments.config else None
        if named not in (None, arguments.variant):
            raise RecipeError(
                f"{arguments.config} is for --variant {named}; got --variant {arguments.variant}"
            )
        weights = train_supervised(
            recipe, arguments.variant, arguments.data, arguments.out, arguments.checkpoint
        )
    except (RecipeError, DatasetError, CheckpointError) as error:
        raise CommandError(str(error)) from error
    if weights:
        print(f"wrote {weights}")
        print(f"to evaluate: eovseg evaluate --checkpoint {weights} --variant {arguments.variant} ...")
    return 0
