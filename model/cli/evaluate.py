"""Evaluate a model on a data set: PQ, AP, mIoU, speed and size, compared with the paper.

Prints tables; --json and --markdown also write every class. On sequences, the tracking of objects is
evaluated: STQ, VPQ, HOTA and switches. docs/evaluation.md describes the data sets and their folders.
"""

import argparse
from functools import partial
from pathlib import Path

from .arguments.errors import CommandError
from .arguments.model_arguments import add_model_arguments, load_predictor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    text = "ade20k, coco, simulation, simulation_sequences, ...; an unknown name lists them all"
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
    text, markdown, content = _evaluate(arguments)
    print(text)
    if arguments.json:
        arguments.json.write_text(content, encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(markdown, encoding="utf-8")
    return 0


def _evaluate(arguments: argparse.Namespace) -> tuple[str, str, str]:
    """Return the results as text, Markdown and JSON."""
    from ..backends import BackendError
    from ..data import DatasetError
    from ..evaluation import DATASETS, SEQUENCES

    known = [*DATASETS, *SEQUENCES]
    if arguments.dataset not in known:
        raise CommandError(f"unknown data set {arguments.dataset!r}; choose from: {', '.join(known)}")
    try:
        if arguments.dataset in SEQUENCES:
            return _evaluate_sequences(arguments)
        return _evaluate_images(arguments)
    except (BackendError, DatasetError) as error:
        raise CommandError(str(error)) from error


def _evaluate_images(arguments: argparse.Namespace) -> tuple[str, str, str]:
    try:
        from ..evaluation import DATASETS, evaluate, to_json, to_markdown, to_text
    except ModuleNotFoundError as error:
        if error.name != "hotcoco":
            raise
        raise CommandError("evaluation needs hotcoco: pip install hotcoco") from error

    dataset = DATASETS[arguments.dataset]
    data = dataset.open(arguments.data)
    predictor = load_predictor(arguments, dataset.vocabulary)
    result = evaluate(
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
    return to_text(result, arguments.per_class), to_markdown(result), to_json(result)


def _evaluate_sequences(arguments: argparse.Namespace) -> tuple[str, str, str]:
    from ..evaluation import (
        SEQUENCES,
        TRACKING,
        evaluate_sequences,
        sequences_to_json,
        sequences_to_markdown,
        sequences_to_text,
    )

    if arguments.per_class:
        raise CommandError(f"{arguments.dataset} has no scores of classes; omit --per-class")
    dataset = SEQUENCES[arguments.dataset]
    data = dataset.open(arguments.data)
    predictor = load_predictor(arguments, dataset.vocabulary)
    result = evaluate_sequences(
        partial(predictor, short_side=arguments.short_side),
        predictor.vocabulary.vocabulary,
        data,
        TRACKING,
        dataset_name=arguments.dataset,
        variant=arguments.variant,
        checkpoint=str(arguments.checkpoint or "default weights"),
        device=str(predictor.device),
        backend=predictor.backend_status.title,
        limit=arguments.limit,
    )
    return sequences_to_text(result), sequences_to_markdown(result), sequences_to_json(result)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0; got {text!r}")
    return int(text)
