"""Identity switches and label switches of tracked objects, counted sequence by sequence."""

from collections.abc import Sequence

import numpy as np

from .overlaps import FrameOverlaps, overlap_iou


class Switches:
    """Counts of what a user sees as flicker.

    An object-frame is one true thing (no crowd) with pixels in one frame. It is matched if a predicted thing
    has an IoU above 0.5 with it, whatever the class; there is at most one.

    An identity switch is a match whose track id differs from that of the object's last match, no matter how
    many frames ago: an object that was hidden or out of view and comes back with another id counts. This is
    the IDSW of CLEAR MOT (Bernardin and Stiefelhagen 2008).

    Matches without a track, of id 0, neither are switches nor change what the last id was.

    A label switch is a match whose class differs from that of the object's last match.

    Example:
        >>> from eovseg_model.evaluation.metrics.overlaps import TrackedSegment
        >>> shown = np.array([[0, 0], [0, 4]])
        >>> true = [TrackedSegment(0, 1)]
        >>> frames = [FrameOverlaps(true, [TrackedSegment(0, i)], shown) for i in (5, 5, 6, 6)]
        >>> switches = Switches(is_thing=[True])
        >>> switches.add(frames)
        >>> switches.identity_switches, switches.object_frames, switches.per_100(switches.identity_switches)
        (1, 4, 25.0)
    """

    def __init__(self, is_thing: Sequence[bool]) -> None:
        self._is_thing = is_thing
        self.object_frames = 0
        self.matches = 0
        self.identity_switches = 0
        self.label_switches = 0

    def add(self, frames: Sequence[FrameOverlaps]) -> None:
        """Add all frames of a sequence, in order."""
        tracks: dict[int, int] = {}  # true track -> track of the last match that has one
        labels: dict[int, int] = {}  # true track -> class of the last match
        for frame in frames:
            found = [self._is_thing[p.class_id] for p in frame.predicted]
            iou = np.where(found, overlap_iou(frame.pixels), 0.0)
            for t, segment in enumerate(frame.true):
                if segment.is_crowd or not self._is_thing[segment.class_id] or not frame.pixels[t + 1].any():
                    continue
                self.object_frames += 1
                if not found or iou[t].max() <= 0.5:
                    continue
                match = frame.predicted[int(iou[t].argmax())]
                self.matches += 1
                if match.track_id:
                    self.identity_switches += match.track_id != tracks.get(segment.track_id, match.track_id)
                    tracks[segment.track_id] = match.track_id
                self.label_switches += match.class_id != labels.get(segment.track_id, match.class_id)
                labels[segment.track_id] = match.class_id

    def per_100(self, switches: int) -> float:
        """Return a number of switches per 100 object-frames; 0 without objects."""
        return 100 * switches / max(self.object_frames, 1)
