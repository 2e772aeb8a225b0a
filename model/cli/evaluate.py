"""Evaluate a model on a data set: PQ, AP, mIoU, speed and size, compared with the paper.

Prints tables; --json and --markdown also write every class. docs/evaluation.md describes the data sets and
their folders.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments.errors import CommandError
from .arguments.model_arguments import add_model_arguments, load_predictor

if TYPE_CHECKING:
    from ..evaluation import EvaluationResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    text = "ade20k, coco, simulation, ...; an unknown name lists them all"
    add("--dataset", required=True, metavar="NAME", help=text)
    add("--data", type=Path, required=True, metavar="FOLDER", help="folder of the data set")
    add_model_arguments(parser)
    add("--limit", type=_count, metavar="N", help="evaluate only the first N images")
    add("--per-class", action="store_true", help="print every class")
    add("--json", type=Path, metavar="FILE", help="write all results as JSON")
    add("--markdown", type=Path, metavar="FILE", help="write the tables as Markdown")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate; return 0 when the results are written."""
    for file in (arguments.json, arguments.markdown):
        if file and not file.parent.is_dir():
            raise CommandError(f"cannot write {file}: folder {file.parent} does not exist")
    result = _evaluate(arguments)
    from ..evaluation import to_json, to_markdown, to_text

    print(to_text(result, arguments.per_class))
    if arguments.json:
        arguments.json.write_text(to_json(result), encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(to_markdown(result), encoding="utf-8")
    return 0


def _evaluate(arguments: argparse.Namespace) -> "EvaluationResult":
    try:
        from ..evaluation import DATASETS, evaluate
    except ModuleNotFoundError as error:
        if error.name != "hotcoco":
            raise
        raise CommandError("evaluation needs hotcoco: pip install hotcoco") from error
    from ..backends import BackendError
    from ..data import DatasetError

    if arguments.dataset not in DATASETS:
        raise CommandError(f"unknown data set {arguments.dataset!r}; choose from: {', '.join(DATASETS)}")
    dataset = DATASETS[arguments.dataset]
    try:
        data = dataset.open(arguments.data)
        predictor = load_predictor(arguments, dataset.vocabulary)
        return evaluate(
            partial(predictor, short_side=arguments.short_side),
            predictor.vocabulary.vocabulary,
            data,
            dataset,
            dataset_name=arguments.dataset,
            variant=arguments.variant,
            checkpoint=str(arguments.checkpoint or "default weights"),
            device=str(predictor.device),
            backend=predictor.backend_status.title,
            limit=arguments.limit,
        )
    except (BackendError, DatasetError) as error:
        raise CommandError(str(error)) from error


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0; got {text!r}")
    return int(text)
