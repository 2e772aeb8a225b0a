"""The tables of a report, as Markdown."""

from collections.abc import Iterator, Sequence
from typing import Any

from ..result import STAGES as NETWORK_STAGES
from .accuracy import FARTHEST_QUERY, MOST_QUERIES_BEYOND, PARITY
from .part import Kind, Outcome
from .speed import STAGES

LOGITS = ("class_logits", "mask_logits", "final_class_logits")


def tables(outcomes: Sequence[Outcome], paper: str) -> Iterator[str]:
    """Yield headings, texts and tables; a table without rows is left out."""
    for outcome in _of(outcomes, "environment"):
        found = {**outcome.result["machine"], **outcome.result["packages"]}
        yield "## Machine"
        yield _table(("", ""), [(name, value) for name, value in found.items()])
    if rows := [_parity(outcome) for outcome in (*_of(outcomes, "parity arrays"), *_of(outcomes, "parity"))]:
        yield "## float32 against the CPU"
        yield (
            f"Relative norms of differences. The features may differ by {PARITY:g}. "
            f"{MOST_QUERIES_BEYOND:.0%} of the queries may differ by more, up to {FARTHEST_QUERY:g}, because "
            "a mask pixel at its threshold can change sides."
        )
        yield _table(
            ("", "features, at most", "queries beyond", "farthest query", "pixels unlike", "within"), rows
        )
    if rows := [_agreement(outcome) for outcome in _of(outcomes, "agreement")]:
        yield "## Lower precisions against float32 on the CPU"
        yield "Relative norms of differences."
        columns = ("", *(name.replace("_", " ") for name in LOGITS), "bound", "mask pixels equal", "within")
        yield _table(columns, rows)
    yield from _speed(_of(outcomes, "speed"), paper)
    yield from _together(outcomes)
    if rows := [_network(outcome) for outcome in _of(outcomes, "stages")]:
        yield "## Parts of the network"
        yield "Medians in ms, with a wait for the device between the parts. reference: as it is trained."
        yield _table(("", *NETWORK_STAGES), rows)
    if rows := [(o.part.title, text) for o in outcomes for text in o.warnings if o.part.kind != "stages"]:
        yield "## Warnings"
        yield _table(("", ""), rows)
    if rows := _missing(outcomes):
        yield "## Not measured"
        yield _table(("", "why", "parts"), rows)


def _of(outcomes: Sequence[Outcome], kind: Kind) -> list[Outcome]:
    """Those with a result."""
    return [outcome for outcome in outcomes if outcome.part.kind == kind and outcome.status == "ok"]


def _parity(outcome: Outcome) -> tuple[str, ...]:
    result = outcome.result
    features, outputs = result["features"].values(), result["outputs"].values()
    pixels = f"{result['pixels_unlike']} of {result['pixels']}" if "pixels" in result else "-"
    tf32 = "" if outcome.part.tf32 else ", TF32 switched off"
    return (
        outcome.part.title + tf32,
        f"{max(features):.1e}" if features else "-",
        f"{max(output['queries_beyond'] for output in outputs):.0%}",
        f"{max(output['largest'] for output in outputs):.1e}",
        pixels,
        _yes(result["within"]),
    )


def _agreement(outcome: Outcome) -> tuple[str, ...]:
    result = outcome.result
    differences = (f"{result['differences'][name]:.4f}" for name in LOGITS)
    equal = f"{result['mask_pixels_equal']:.2%}"
    return (outcome.part.title, *differences, f"{result['bound']:g}", equal, _yes(result["within"]))


def _speed(outcomes: Sequence[Outcome], paper: str) -> Iterator[str]:
    if not outcomes:
        return
    yield "## Speed"
    yield (
        "From the picture in memory to the label image in memory, one after the other. The stages are "
        f"medians with a wait for the device between them. The paper: {paper}."
    )
    columns = (
        "",
        "median ms",
        "p99 ms",
        "pictures",
        "frames/s",
        "paper's frames/s",
        *(f"{s} ms" for s in STAGES),
    )
    rows = []
    for outcome in outcomes:
        r = outcome.result
        stages = (f"{r['stages_ms'][stage]:.2f}" for stage in STAGES)
        paper_rate = r["paper_frames_per_second"]
        rows.append(
            (
                outcome.part.title.removeprefix("speed, "),
                *(f"{r['median_ms']:.2f}", f"{r['p99_ms']:.2f}", str(r["frames"])),
                *(f"{r['frames_per_second']:.1f}", f"{paper_rate:g}" if paper_rate else "-", *stages),
            )
        )
    yield _table(columns, rows)
    yield "## Start, memory and agreement"
    yield (
        "Start: loading, building an engine and the first picture, with empty caches. Warm start: the same "
        "again in the same process, with the engine from the cache. Growth: of the memory in use on the "
        "whole GPU. The last two columns are differences from the unchanged network on the CPU in float32."
    )
    columns = (
        *("", "start s", "of it build s", "warm start s", "PyTorch's peak MB", "growth MB"),
        *("mask logits", "class logits"),
    )
    rows = [(outcome.part.title.removeprefix("speed, "), *_start(outcome.result)) for outcome in outcomes]
    yield _table(columns, rows)


def _start(result: dict[str, Any]) -> tuple[str, ...]:
    return (
        *(f"{result[name]:.2f}" for name in ("start_seconds", "build_seconds", "warm_start_seconds")),
        *(_megabytes(result[name]) for name in ("peak_torch_bytes", "device_growth_bytes")),
        *(f"{result[name]:.1e}" for name in ("mask_difference", "class_difference")),
    )


def _together(outcomes: Sequence[Outcome]) -> Iterator[str]:
    if cameras := _of(outcomes, "cameras"):
        yield "## Several cameras"
        yield "A picture of each camera, one by one and as one batch through the network."
        rows = [
            (
                outcome.part.title.removeprefix("cameras, "),
                str(outcome.result["cameras"]),
                *(f"{outcome.result[name]:.2f}" for name in ("one_by_one_ms", "batch_ms")),
                *(
                    f"{outcome.result[name]:.1f}"
                    for name in ("one_by_one_frames_per_second", "batch_frames_per_second")
                ),
            )
            for outcome in cameras
        ]
        columns = ("", "cameras", "one by one ms", "batch ms", "one by one frames/s", "batch frames/s")
        yield _table(columns, rows)
    if threads := _of(outcomes, "threads"):
        yield "## Two threads"
        yield "One predictor in two threads, with a CUDA stream each, against one thread."
        rows = [
            (
                outcome.part.title.removeprefix("threads, "),
                f"{outcome.result['one_thread_frames_per_second']:.1f}",
                f"{outcome.result['threads_frames_per_second']:.1f}",
                f"{outcome.result['gain']:.2f}",
            )
            for outcome in threads
        ]
        yield _table(("", "one thread frames/s", "two threads frames/s", "gain"), rows)


def _network(outcome: Outcome) -> tuple[str, ...]:
    stages = outcome.result["stages_ms"]
    title = outcome.part.title.removeprefix("stages, ")
    return (title, *(f"{stages[name]:.2f}" for name in NETWORK_STAGES))


def _missing(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """A row for each reason."""
    titles: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.status != "ok":
            titles.setdefault((outcome.status, outcome.reason), []).append(outcome.part.title)
    return [(*why, "; ".join(parts)) for why, parts in titles.items()]


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1e6:.0f}"


def _yes(within: bool) -> str:
    return "yes" if within else "**NO**"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |" for cells in (header, *rows)]
    return "\n".join([lines[0], "|---" * len(header) + "|", *lines[1:]])
