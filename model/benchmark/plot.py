"""Plot of the results as SVG: a bar per case, a colour per stage."""

from collections.abc import Iterator, Sequence

from .result import STAGES, BenchmarkResult
from .text import title

COLOURS = ("#9aa5b1", "#4c78a8", "#72b7b2", "#54a24b", "#eeca3b", "#f58518", "#b279a2", "#e45756")
WHOLE = "#7f7f7f"  # of a backend without separate stages
LEFT, RIGHT, TOP, BAR, GAP, WIDTH = 420, 60, 50, 22, 12, 560


def draw(results: Sequence[BenchmarkResult]) -> str:
    """Plot total over trunk of every case, divided into stages."""
    height = TOP + len(results) * (BAR + GAP) + 10
    longest = max(result.times.total_over_trunk for result in results)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" '
        'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="16">time / time of the reference CNN trunk</text>',
        *_legend(),
    ]
    for i, result in enumerate(results):
        parts += _bar(result, TOP + i * (BAR + GAP), WIDTH / longest)
    return "\n".join([*parts, "</svg>\n"])


def _legend() -> Iterator[str]:
    for i, (name, colour) in enumerate(zip(STAGES, COLOURS, strict=True)):
        x = 10 + i * 120
        yield f'<rect x="{x}" y="26" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 17}" y="37">{name}</text>'


def _bar(result: BenchmarkResult, y: float, scale: float) -> Iterator[str]:
    times = result.times
    yield f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{title(result.case)}</text>'
    x = float(LEFT)
    for name, colour in zip(STAGES, COLOURS, strict=True):
        width = times.stage_over_trunk.get(name, 0.0) * scale
        yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>'
        x += width
    end = LEFT + times.total_over_trunk * scale
    yield f'<rect x="{x:.1f}" y="{y}" width="{max(0.0, end - x):.1f}" height="{BAR}" fill="{WHOLE}"/>'
    yield f'<text x="{max(x, end) + 6:.1f}" y="{y + 16}">{times.total_over_trunk:.2f}</text>'
