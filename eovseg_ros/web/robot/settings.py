"""The parameters that the console can change."""

from typing import NamedTuple


class Slider(NamedTuple):
    """A parameter of type double, with the range of its slider."""

    name: str
    title: str
    least: float
    most: float
    explanation: str


SLIDERS = (
    Slider("object_threshold", "Minimum score", 0.0, 1.0, "segments below it are left out"),
    Slider(
        "overlap_threshold", "Minimum visible share", 0.0, 1.0, "masks that others cover more are left out"
    ),
    Slider("overlay_opacity", "Opacity", 0.0, 1.0, "of the colours on the overlay"),
    Slider("smoothing", "Smoothing", 0.0, 0.99, "weight of the past in names and scores; needs tracking"),
)
VARIANTS_DEFAULT = -1.0  # of overlap_threshold
