"""Format results on sequences as text, Markdown and JSON."""

import json
from dataclasses import asdict

from ..report import Table, aligned, piped
from .results import SequencesResult, TrackingScores

NOTE = (
    "STQ, AQ, SQ, VPQ, PQ and HOTA in percent; switches per 100 object-frames; ms is the time per frame of "
    "the association alone."
)
_COLUMNS = ("STQ", "AQ", "SQ", "VPQ", "PQ", "HOTA", "identity switches", "label switches", "ms")


def sequences_to_text(result: SequencesResult) -> str:
    """Return an aligned table with a row for each association."""
    return "\n".join([_title(result), "", aligned(_table(result)), NOTE])


def sequences_to_markdown(result: SequencesResult) -> str:
    """Return the same table as Markdown."""
    return "\n\n".join([f"# {_title(result)}", piped(_table(result)), NOTE]) + "\n"


def sequences_to_json(result: SequencesResult) -> str:
    """Return all numbers as JSON.

    The scores of the evaluated association are at the top level, and those of every other one with its name
    before each key: stq, oracle_stq.
    """
    first, *others = result.associations
    flat = asdict(result.associations[first])
    for name in others:
        flat |= {
            f"{name.replace(' ', '_')}_{key}": value
            for key, value in asdict(result.associations[name]).items()
        }
    about = {key: value for key, value in asdict(result).items() if key != "associations"}
    return json.dumps({**about, "association": first, **flat}, indent=1) + "\n"


def _title(result: SequencesResult) -> str:
    return (
        f"{result.variant} ({result.checkpoint}) on {result.dataset}: {result.sequences} sequences, "
        f"{result.frames} frames, {result.backend} on {result.device}"
    )


def _table(result: SequencesResult) -> Table:
    table: Table = [("", *_COLUMNS)]
    for name, scores in result.associations.items():
        table.append((name, *(f"{value:.2f}" for value in _values(scores))))
    return table


def _values(s: TrackingScores) -> tuple[float, ...]:
    switches = s.identity_switches, s.label_switches
    return s.stq, s.aq, s.sq, s.vpq, s.pq, s.hota, *switches, s.milliseconds
