"""Format results as text, Markdown and JSON, with the paper's results for comparison."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from .paper import reported
from .results import EvaluationResult, Scores

SCORE_COLUMNS = ("PQ", "SQ", "RQ", "AP", "mIoU", "true segments")
ROW_COLUMNS = ("PQ", "SQ", "RQ", "AP", "mIoU", "frames/s", "parameters (M)", "multiply-adds (G)")
Table = list[tuple[str, ...]]  # the first row is the header


def to_text(result: EvaluationResult, per_class: bool) -> str:
    """Return aligned tables: this run and the paper, groups of classes, and every class if per_class."""
    scores = result.groups + (result.classes if per_class else ())
    return "\n".join([title(result), "", aligned(row(result)), "", aligned(score_table(scores)), NOTE])


def to_markdown(result: EvaluationResult) -> str:
    """Return the same tables as Markdown, with every class."""
    tables = [piped(row(result)), piped(score_table(result.groups)), piped(score_table(result.classes))]
    return "\n\n".join([f"# {title(result)}", *tables, NOTE]) + "\n"


def to_json(result: EvaluationResult) -> str:
    """Return all numbers of the result as JSON, and the paper's row or null."""
    paper = reported(result.dataset, result.variant)
    return json.dumps({**asdict(result), "paper": paper and paper._asdict()}, indent=1) + "\n"


NOTE = (
    "The mIoU of a class is its IoU. Means exclude classes without ground truth (PQ: without ground truth "
    "and predictions). Parameters and multiply-adds exclude the text encoder."
)


def title(result: EvaluationResult) -> str:
    """Return a one-line description of the evaluation."""
    height, width = result.input_size
    return (
        f"{result.variant} ({result.checkpoint}) on {result.dataset}: {result.images} images, "
        f"{len(result.classes)} classes, {result.backend} on {result.device}, input mostly {height}x{width}"
    )


def row(result: EvaluationResult) -> Table:
    """Return the columns of the paper's tables 1 and 2, for this run and for the paper."""
    overall = result.groups[0]
    scores = (overall.pq, overall.sq, overall.rq, overall.ap, overall.miou)
    costs = (result.frames_per_second, result.parameters / 1e6, result.multiply_adds / 1e9)
    table: Table = [("", *ROW_COLUMNS), ("this run", *map(_number, (*scores, *costs)))]
    paper = reported(result.dataset, result.variant)
    if paper:
        table.append(("the paper", *map(_number, paper)))
    return table


def score_table(scores: Sequence[Scores]) -> Table:
    """Return a row for each group or class."""
    rows: Table = [("", *SCORE_COLUMNS)]
    for s in scores:
        numbers = map(_number, (s.pq, s.sq, s.rq, s.ap, s.miou))
        rows.append((s.name, *numbers, "-" if s.num_true is None else str(s.num_true)))
    return rows


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def aligned(table: Table) -> str:
    """Return a table as text in columns."""
    first, *widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        f"{cells[0]:{first}}" + "".join(f"{c:>{w + 2}}" for c, w in zip(cells[1:], widths, strict=True))
        for cells in table
    ]
    return "\n".join(lines)


def piped(table: Table) -> str:
    """Return a table as Markdown."""
    header, *rows = [f"| {' | '.join(cells)} |" for cells in table]
    return "\n".join([header, "|---" + "|---:" * (len(table[0]) - 1) + "|", *rows])
