"""Format the scores of positions and boxes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from ...simulation import COMPOSITIONS
from ..report import Table, aligned
from .judging import ThingScore

NOTE = """
position   distance to the visible surface along the ray from the camera, in cm
elsewhere  share of positions on other objects
centre     distance of the box's centre from the true one, as a share of the object's size
IoU        of the volumes of the box and the true box, for things of which all is in view
"""


def summary(scores: Mapping[str, Sequence[ThingScore]]) -> str:
    """Return a table with a row for each kind of masks, and one of the shapes with the first kind."""
    table: Table = [
        ("masks", "things", "position, median", "90 %", "elsewhere", "centre, median", "whole", "IoU, median")
    ]
    table += [(kind, *_row(of_kind)) for kind, of_kind in scores.items() if of_kind]
    kind, of_kind = next(iter(scores.items()))
    return f"{aligned(table)}\n\nWhole things by shape, {kind}:\n{aligned(_shapes(of_kind))}\n{NOTE}"


def _row(scores: Sequence[ThingScore]) -> tuple[str, ...]:
    errors = np.array([score.surface_error for score in scores])
    whole = [score for score in scores if score.is_whole]
    return (
        str(len(scores)),
        f"{100 * np.median(errors):.2f}",
        f"{100 * np.quantile(errors, 0.9, method='higher'):.2f}",
        f"{np.isinf(errors).mean():.1%}",
        f"{np.median([score.centre_error for score in scores]):.2f}",
        str(len(whole)),
        f"{np.median([score.iou for score in whole]):.2f}" if whole else "-",
    )


def _shapes(scores: Sequence[ThingScore]) -> Table:
    by_shape = defaultdict(list)
    for score in scores:
        if score.is_whole:
            shape = COMPOSITIONS[score.label][1] if score.label in COMPOSITIONS else score.label
            by_shape[shape].append((score.centre_error, score.iou))
    rows = []
    for shape, values in sorted(by_shape.items()):
        centre, iou = np.median(values, axis=0)
        rows.append((shape, str(len(values)), f"{centre:.2f}", f"{iou:.2f}"))
    return [("shape", "things", "centre, median", "IoU, median"), *rows]
