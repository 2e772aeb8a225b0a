"""Parameters of the results."""

from dataclasses import dataclass

from eovseg_ros.node.parameter_checks import parameter


@dataclass(frozen=True)
class ResultFields:
    """Checked values."""

    tracking: bool = parameter(
        True, "Follow objects from frame to frame: the same track_id for the same object.", live=True
    )
    track_memory: float = parameter(
        10.0,
        "Time for which an object that is not seen is remembered, seconds of the images' stamps.",
        live=True,
        low=0.1,
        high=3600.0,
    )
    smoothing: float = parameter(
        0.8,
        "Weight of the past in the average of an object's class probabilities, which decides its name and "
        "score; 0: each frame by itself. Needs tracking.",
        live=True,
        low=0.0,
        high=0.99,
    )
    publish_embeddings: bool = parameter(
        False,
        "Publish each segment's class embedding, for comparisons with text or other segments.",
        live=True,
    )
    points_stride: int = parameter(
        2, "Every n-th pixel of every n-th row is a point of ~/points.", live=True, low=1, high=64
    )
    overlay: bool = parameter(True, "Offer ~/overlay; it costs nothing without subscribers.")
    overlay_opacity: float = parameter(
        0.5, "Opacity of the colours on ~/overlay.", live=True, low=0.0, high=1.0
    )
    diagnostics_rate: float = parameter(
        1.0, "Messages per second on ~/status and /diagnostics.", live=True, low=0.1, high=10.0
    )
    autostart: bool = parameter(
        True, "Configure and activate at the start; false: wait for lifecycle transitions."
    )
