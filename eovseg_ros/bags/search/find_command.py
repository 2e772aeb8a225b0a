"""`eovseg-bags find`: objects in labelled bags by a description."""

import argparse
import sys
from pathlib import Path
from typing import Any

from eovseg_ros.bags.embeddings.relabel_command import add_model_arguments
from eovseg_ros.bags.errors import BagError


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
    add("--top", type=int, default=50, metavar="N", help="at most that many (default: %(default)s)")
    text = "least score (default: %(default)s)"
    add("--min-score", type=float, default=0.1, metavar="SHARE", help=text)
    add("--every-image", action="store_true", help="list an object in each image, not once for each track")
    add("--html", type=Path, metavar="FILE", help="write a page with pictures")
    add("--sheet", type=Path, metavar="FILE", help="write a contact sheet (.png or .jpg)")
    add_model_arguments(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, command: str) -> int:
    """Search, print and write; return 0 if something was found, 1 if not or after an error."""
    from eovseg_ros.bags.embeddings.labelled_images import results_with_embeddings
    from eovseg_ros.bags.embeddings.model_of_results import ModelsOfResults
    from eovseg_ros.bags.search.contact_sheet import contact_sheet
    from eovseg_ros.bags.search.page import page
    from eovseg_ros.bags.search.searching import find_hits

    models = ModelsOfResults(
        None, checkpoint=options.checkpoint, device=options.device, threads=options.threads
    )
    try:
        files = [file for folder in options.folders for file in results_with_embeddings(folder)]
        hits = find_hits(
            files,
            models.of,
            options.query,
            most=options.top,
            least_score=options.min_score,
            every_image=options.every_image,
        )
    except BagError as error:
        print(f"eovseg-bags: {error}", file=sys.stderr)
        return 1
    print(f"{'score':>5}  {'time':>9}  {'seen':>17}  {'track':>5}  {'camera':<10}  bag")
    for hit in hits:
        seen = f"{hit.first / 1e9:.1f} to {hit.last / 1e9:.1f} s"
        print(
            f"{hit.score:5.2f}  {hit.offset / 1e9:7.1f} s  {seen:>17}  {hit.track_id or '-':>5}  "
            f"{hit.camera or '-':<10}  {hit.bag}"
        )
    if options.html:
        places = [str(folder) for folder in options.folders]
        options.html.write_text(page(options.query, hits, places), encoding="utf-8")
    if options.sheet:
        contact_sheet(options.query, hits).save(options.sheet)
    if not hits:
        nearest = "; --min-score 0 lists what comes nearest" if options.min_score else ""
        print(f"eovseg-bags: nothing scores {options.min_score:g} or more{nearest}", file=sys.stderr)
    return 0 if hits else 1
