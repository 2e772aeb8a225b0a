"""`eovseg-bags relabel`: name the segments of labelled bags by other words."""

import argparse
import sys
from pathlib import Path
from typing import Any

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.number_arguments import whole_number
from eovseg_ros.bags.writing.folder import make_folder
from eovseg_ros.bags.writing.full_disk import saying_full_disk


def add_relabel_command(commands: Any) -> None:
    """Declare the command."""
    about = (
        "name the segments of labelled bags by other words, from their stored embeddings: without the bags, "
        "and without running the network"
    )
    parser: argparse.ArgumentParser = commands.add_parser("relabel", help=about, description=about)
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="--out of eovseg-bags label --keep-embeddings")
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the new results")
    text = "'mug,cup' 'floor|stuff' @lvis, as in eovseg-bags label"
    add("--vocabulary", nargs="+", required=True, metavar="ENTRY", help=text)
    add_model_arguments(parser)
    parser.set_defaults(run=_run)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what may differ from the run that made the results."""
    text = "weights of the results, if they are in another place now"
    parser.add_argument("--checkpoint", default="", metavar="FILE", help=text)
    parser.add_argument("--device", default="cpu", help="for the words (default: %(default)s)")
    text = "CPU threads (default: PyTorch's)"
    parser.add_argument("--threads", type=whole_number(1), default=0, metavar="N", help=text)


def _run(options: argparse.Namespace, command: str) -> int:
    """Relabel all files; return 0 if all went well, 1 if not. Raises UsageError, OSError and DiskFull."""
    from tqdm import tqdm

    from eovseg_ros.bags.embeddings.labelled_images import results_with_embeddings
    from eovseg_ros.bags.embeddings.model_of_results import ModelsOfResults
    from eovseg_ros.bags.embeddings.relabelling import Relabeller

    try:
        files = results_with_embeddings(options.folder)
        if options.out.resolve() == options.folder.resolve():
            raise BagError("--out must be another folder: the former results have the masks")
    except BagError as error:
        print(f"eovseg-bags: {error}", file=sys.stderr)
        return 1
    models = ModelsOfResults(
        options.vocabulary, checkpoint=options.checkpoint, device=options.device, threads=options.threads
    )
    make_folder(options.out)
    fine = frames = 0
    with tqdm(unit="frame", mininterval=0.5) as bar:
        for file in files:
            try:
                target = options.out / file.name
                with saying_full_disk(f"writing {target}"):
                    count = Relabeller(models.of(file), command).relabel(file, target, lambda _: bar.update())
            except BagError as error:
                tqdm.write(f"eovseg-bags: {file.name}: {error}", file=sys.stderr)
                continue
            fine, frames = fine + 1, frames + (count or 0)
    print(f"{fine} of {len(files)} files relabelled, {frames} frames")
    return 0 if fine == len(files) else 1
