"""Results of an evaluation on sequences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..metrics.higher_order_accuracy import HotaCounts
from ..metrics.overlaps import FrameOverlaps
from ..metrics.segmentation_tracking_quality import SegmentationTrackingQuality
from ..metrics.switches import Switches
from ..metrics.video_panoptic_quality import WINDOWS, VideoPanopticQuality


@dataclass(frozen=True, kw_only=True)
class TrackingScores:
    """Scores of one association: qualities in percent, switches per 100 object-frames, time per frame.

    pq is VPQ for windows of one frame.
    """

    stq: float
    aq: float
    sq: float
    vpq: float
    vpq_windows: dict[int, float]  # length in frames -> VPQ
    pq: float
    hota: float
    det_a: float
    ass_a: float
    identity_switches: float
    label_switches: float
    object_frames: int
    matched_frames: int  # object-frames with a match
    milliseconds: float  # median of the association alone


@dataclass(frozen=True, kw_only=True)
class SequencesResult:
    """An evaluation on sequences: the scores by association; the first one is the one that is evaluated."""

    dataset: str
    variant: str
    checkpoint: str
    device: str
    backend: str
    sequences: int
    frames: int
    associations: dict[str, TrackingScores]


class TrackingMetrics:
    """All metrics of one association."""

    def __init__(self, is_thing: Sequence[bool]) -> None:
        self._quality = SegmentationTrackingQuality(is_thing)
        self._video = VideoPanopticQuality(is_thing)
        self._switches = Switches(is_thing)
        self._hota = HotaCounts(is_thing)
        self._seconds: list[float] = []

    def add(self, frames: Sequence[FrameOverlaps], seconds: Sequence[float]) -> None:
        """Add all frames of a sequence, and how long the association of each took."""
        for metric in (self._quality, self._video, self._switches, self._hota):
            metric.add(frames)
        self._seconds += seconds

    def scores(self) -> TrackingScores:
        """Return the scores of all sequences."""
        quality, hota, switches = self._quality.result(), self._hota.result(), self._switches
        return TrackingScores(
            stq=quality.stq,
            aq=quality.aq,
            sq=quality.sq,
            vpq=self._video.result(),
            vpq_windows={window: self._video.of_window(window) for window in WINDOWS},
            pq=self._video.of_window(1),
            hota=hota.hota,
            det_a=hota.det_a,
            ass_a=hota.ass_a,
            identity_switches=switches.per_100(switches.identity_switches),
            label_switches=switches.per_100(switches.label_switches),
            object_frames=switches.object_frames,
            matched_frames=switches.matches,
            milliseconds=1000 * float(np.median(self._seconds)),
        )
