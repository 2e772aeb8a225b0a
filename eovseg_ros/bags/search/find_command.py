"""`eovseg-bags find`: objects in labelled bags by a description."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eovseg_ros.bags.embeddings.relabel_command import add_model_arguments
from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.number_arguments import number, whole_number
from eovseg_ros.bags.plain_text import valid


def add_find_command(commands: Any) -> None:
    """Declare the command."""
    about = (
        "find objects in labelled bags by a description, from their stored embeddings; print bag, time, "
        "camera, track and score, best first"
    )
    parser: argparse.ArgumentParser = commands.add_parser("find", help=about, description=about)
    add = parser.add_argument
    add("folders", nargs="+", type=Path, metavar="DIR", help="--out of eovseg-bags label --keep-embeddings")
    add("query", metavar="WORDS", help="what to find: 'red mug', or with synonyms 'mug,cup'")
    add(
        "--top",
        type=whole_number(1),
        default=50,
        metavar="N",
        help="at most that many (default: %(default)s)",
    )
    text = "least score (default: %(default)s)"
    add("--min-score", type=number(0, 1), default=0.1, metavar="SHARE", help=text)
    add("--every-image", action="store_true", help="list an object in each image, not once for each track")
    add("--html", type=_file(), metavar="FILE", help="write a page with pictures")
    add(
        "--sheet",
        type=_file(".png", ".jpg", ".jpeg"),
        metavar="FILE",
        help="write a contact sheet (.png or .jpg)",
    )
    add_model_arguments(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, command: str) -> int:
    """Search, print and write; return 0 if something was found, 1 if not or if a file is broken.

    Raises BagError, and as `load_label_model` does.
    """
    from eovseg_ros.bags.embeddings.model_of_results import ModelsOfResults
    from eovseg_ros.bags.search.contact_sheet import contact_sheet
    from eovseg_ros.bags.search.page import page
    from eovseg_ros.bags.search.searching import find_hits

    models = ModelsOfResults(
        None, checkpoint=options.checkpoint, device=options.device, threads=options.threads
    )
    broken: list[BagError] = []
    hits = find_hits(
        _files(options.folders, options.query),
        models.of,
        options.query,
        most=options.top,
        least_score=options.min_score,
        every_image=options.every_image,
        skipped=broken.append,
    )
    print(f"{'score':>5}  {'time':>9}  {'seen':>17}  {'track':>5}  {'camera':<10}  bag")
    for hit in hits:
        seen = f"{hit.first / 1e9:.1f} to {hit.last / 1e9:.1f} s"
        line = f"{hit.score:5.2f}  {hit.offset / 1e9:7.1f} s  {seen:>17}  {hit.track_id or '-':>5}  "
        print(valid(f"{line}{hit.camera or '-':<10}  {hit.bag}"))
    if options.html:
        places = [str(folder) for folder in options.folders]
        options.html.write_text(valid(page(options.query, hits, places)), encoding="utf-8")
    if options.sheet:
        contact_sheet(options.query, hits).save(options.sheet)
    for error in broken:
        print(f"eovseg-bags: {error}", file=sys.stderr)
    if not hits:
        nearest = "; --min-score 0 lists what comes nearest" if options.min_score else ""
        print(f"eovseg-bags: nothing scores {options.min_score:g} or more{nearest}", file=sys.stderr)
    return 0 if hits and not broken else 1


def _files(folders: Sequence[Path], query: str) -> list[Path]:
    """Return the results in the folders, each once. Raises BagError."""
    from eovseg_ros.bags.embeddings.labelled_images import results_with_embeddings

    words = [str(folder) for folder in folders if not folder.is_dir()]
    if words and len(words) < len(folders):
        raise BagError(f"{words[0]} is no folder; several words need quotes: '{' '.join([*words, query])}'")
    return list(
        {file.resolve(): file for folder in folders for file in results_with_embeddings(folder)}.values()
    )


def _file(*suffixes: str) -> Callable[[str], Path]:
    """Return what reads an argument that names a file to be written."""

    def read(text: str) -> Path:
        path = Path(text)
        if suffixes and path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"{text} must end with {' or '.join(suffixes)}")
        if path.is_dir() or not path.parent.is_dir():
            raise argparse.ArgumentTypeError(f"{text} is a folder, or in no folder")
        return path

    return read
