"""Positions of the node beside those of the camera's ground truth."""

from typing import Any, NamedTuple

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image

from eovseg_model.drawing import segment_title
from eovseg_ros.demo.stamp_join import Stamp, StampJoin, stamp_of
from eovseg_ros.messages import image_to_array
from eovseg_ros.msg import PanopticSegmentation, Segment

_REMEMBERED = 30  # frames


class PositionPair(NamedTuple):
    """A thing of the node and the true one that it covers."""

    found: Segment
    true: Segment

    @property
    def distance(self) -> float:
        """Distance between the positions in metres."""
        return float(np.linalg.norm(np.subtract(_place(self.found), _place(self.true))))


class TruePositions:
    """Compares the positions of every frame with the true ones."""

    def __init__(self, node: Node) -> None:
        self.distances: list[float] = []  # metres, of all things in all frames
        self.frames = 0
        self._recent: dict[Stamp, list[PositionPair]] = {}
        topics: dict[str, tuple[type, str]] = {
            "panoptic": (Image, "/eovseg/panoptic"),
            "segments": (PanopticSegmentation, "/eovseg/segments"),
            "true_panoptic": (Image, "/camera/truth/panoptic"),
            "true_segments": (PanopticSegmentation, "/camera/truth/segments"),
        }
        StampJoin(node, topics, self._compare)

    def pairs(self, stamp: Stamp) -> list[PositionPair] | None:
        """Return the things of a recent frame; None if it has not been compared."""
        return self._recent.get(stamp)

    def summary(self) -> str:
        """Return a line about all frames."""
        if not self.distances:
            return "positions: none to compare with the true ones"
        median, most = np.quantile(self.distances, (0.5, 0.9)) * 100
        return (
            f"positions: {median:.1f} cm from the true ones (median), {most:.1f} cm (90th percentile), "
            f"{len(self.distances)} in {self.frames} frames"
        )

    def _compare(self, together: dict[str, Any]) -> None:
        pairs = paired_positions(
            image_to_array(together["panoptic"]),
            together["segments"],
            image_to_array(together["true_panoptic"]),
            together["true_segments"],
        )
        self.frames += 1
        self.distances += [pair.distance for pair in pairs]
        self._recent[stamp_of(together["segments"])] = pairs
        while len(self._recent) > _REMEMBERED:
            self._recent.pop(next(iter(self._recent)))


def paired_positions(
    panoptic: np.ndarray,
    segments: PanopticSegmentation,
    true_panoptic: np.ndarray,
    true_segments: PanopticSegmentation,
) -> list[PositionPair]:
    """Pair things with positions whose masks have an intersection over union above 0.5.

    Args:
        panoptic, true_panoptic: (H, W) ids of the segments, 0 = void.
    """
    found = {s.id: s for s in segments.segments if s.is_thing and s.has_position}
    true = {s.id: s for s in true_segments.segments if s.is_thing and s.has_position}
    width = int(true_panoptic.max(initial=0)) + 1
    common = np.bincount((panoptic.astype(np.int64) * width + true_panoptic).ravel())  # pixels by both ids
    pairs = []
    for code in np.flatnonzero(common).tolist():
        one, other = found.get(code // width), true.get(code % width)
        if one and other and common[code] > 0.5 * (one.pixel_area + other.pixel_area - common[code]):
            pairs.append(PositionPair(one, other))
    return pairs


def position_table(pairs: list[PositionPair]) -> str:
    """Return a table of positions, the nearest first."""
    lines = [f"   {'thing':24}{'x, y, z in metres':>24}{'true position':>24}{'apart':>12}"]
    for pair in sorted(pairs, key=lambda pair: pair.found.position.z):
        found, true = (" ".join(f"{v:7.2f}" for v in _place(s)) for s in (pair.found, pair.true))
        lines.append(f"   {segment_title(pair.found):24}{found:>24}{true:>24}{pair.distance * 100:9.1f} cm")
    return "\n".join(lines)


def _place(segment: Segment) -> tuple[float, float, float]:
    return segment.position.x, segment.position.y, segment.position.z
