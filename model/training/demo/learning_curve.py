"""Plot the validations of a demo training: `python -m eovseg_model.training.demo.learning_curve LOG SVG`."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

NAMING = re.compile(
    r"\[ *([\d.]+) min\] validation.*things named right, trained ([\d.]+)%, kept out ([\d.]+)%"
)
QUALITY = re.compile(r"\[ *([\d.]+) min\] validation.*PQ trained ([\d.]+), kept out ([\d.]+)")
LEFT, TOP, WIDTH, HEIGHT = 50, 20, 560, 300


class Curve(NamedTuple):
    """A line of the plot: name, colour, dashes, and (minutes, percent) points."""

    name: str
    colour: str
    dashes: str
    points: list[tuple[float, float]]


def read_curves(log: str) -> list[Curve]:
    """Return the curves in a log of `training.demo`; the minutes of a resumed training add up."""
    log = _add_up(log)
    curves = []
    for pattern, what, colour in ((NAMING, "things named correctly", "#4c78a8"), (QUALITY, "PQ", "#e45756")):
        rows = [tuple(map(float, m.groups())) for m in pattern.finditer(log)]
        for column, names, dashes in ((1, "trained names", "none"), (2, "kept-out names", "5 4")):
            points = [(row[0], row[column]) for row in rows]
            curves.append(Curve(f"{what}, {names}", colour, dashes, points))
    return curves


def _add_up(log: str) -> str:
    """Make the clock of each start continue where the previous one stopped."""
    before, last = 0.0, 0.0

    def replace(match: re.Match[str]) -> str:
        nonlocal before, last
        minutes = float(match[1])
        before += last if minutes < last else 0.0
        last = minutes
        return f"[{before + minutes:.2f} min]"

    return re.sub(r"\[ *([\d.]+) min\]", replace, log)


def draw(curves: list[Curve]) -> str:
    """Plot percent over minutes as SVG."""
    minutes = max((x for curve in curves for x, _ in curve.points), default=1.0)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" '
            f'height="{TOP + HEIGHT + 110}" font-family="sans-serif" font-size="13">'
            '<rect width="100%" height="100%" fill="white"/>',
            *_axes(minutes),
            *(line for i, curve in enumerate(curves) for line in _curve(curve, i, minutes)),
            "</svg>\n",
        ]
    )


def _axes(minutes: float) -> Iterator[str]:
    for percent in range(0, 101, 20):
        y = _y(percent)
        yield f'<line x1="{LEFT}" y1="{y:.0f}" x2="{LEFT + WIDTH}" y2="{y:.0f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{percent}</text>'
    for minute in range(0, int(minutes) + 1, 10):
        x = LEFT + WIDTH * minute / minutes
        yield f'<text x="{x:.0f}" y="{TOP + HEIGHT + 20}" text-anchor="middle">{minute}</text>'
    middle = LEFT + WIDTH / 2
    yield f'<text x="{middle}" y="{TOP + HEIGHT + 38}" text-anchor="middle">minutes of training</text>'


def _curve(curve: Curve, number: int, minutes: float) -> Iterator[str]:
    style = f'fill="none" stroke="{curve.colour}" stroke-width="2" stroke-dasharray="{curve.dashes}"'
    points = " ".join(f"{LEFT + WIDTH * x / minutes:.1f},{_y(y):.1f}" for x, y in curve.points)
    yield f'<polyline points="{points}" {style}/>'
    x, y = LEFT + 300 * (number % 2), TOP + HEIGHT + 65 + 25 * (number // 2)
    yield f'<line x1="{x}" y1="{y}" x2="{x + 28}" y2="{y}" {style}/>'
    yield f'<text x="{x + 36}" y="{y + 4}">{curve.name}</text>'


def _y(percent: float) -> float:
    return TOP + HEIGHT * (1 - percent / 100)


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(read_curves(Path(sys.argv[1]).read_text())), encoding="utf-8")
