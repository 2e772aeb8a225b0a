"""The tracker: results of a sequence in, segments with lasting ids and steady names out."""

import dataclasses
import json
from collections.abc import Mapping

import numpy as np

from ..inference import LabelledSegment
from .matching import assign, similarities
from .observation import Observation, TrackableResult, observe
from .saved_tracks import tracks_from_arrays, tracks_to_arrays
from .track import Track
from .tracking_config import TrackingConfig

MOST_HIDDEN = 256  # objects that are remembered without being seen; those seen last are kept


class Tracker:
    """Follow the things of one camera; give it results in the order of their images. Not thread-safe.

    A thing gets its id in the second frame that shows it, and 0 before. Ids are never used again. All stuff
    of one name has one id. After a step back in time, a gap longer than the memory, or a change of the
    model, all things are new. After a change of the vocabulary, things keep their ids.

    The kernels of the same object in different frames are alike because the network queries are the same
    (Huang et al., MinVIS, 2022), so that nothing is trained.

    Example:
        >>> from eovseg_model import EOVSegPredictor
        >>> predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["wall|stuff"], device="cpu")
        >>> tracker = Tracker()
        >>> segments = tracker.update(predictor(np.full((96, 128, 3), 200, np.uint8)), stamp=0.0)
        >>> [(segment.label, segment.track_id) for segment in segments]
        [('wall', 1)]
    """

    def __init__(self, config: TrackingConfig | None = None) -> None:
        self.config = config or TrackingConfig()
        self._tracks: list[Track] = []
        self._stuff: dict[str, int] = {}  # name -> id
        self._labels: tuple[str, ...] = ()
        self._stamp = -np.inf  # of the last frame
        self._last_id = 0

    def update(self, result: TrackableResult, stamp: float) -> list[LabelledSegment]:
        """Return the result's segments, with track_id, label, class_id and score by all frames so far.

        stamp is the time of the image in seconds.
        """
        seen = observe(result)
        self._forget(result, seen, stamp)
        tracks = self._continue(seen, stamp)
        self._stamp = stamp
        things = self._named(seen.segments, tracks, result)
        return [things.get(segment.id) or self._stuff_segment(segment) for segment in result.segments]

    def save(self) -> dict[str, np.ndarray]:
        """Return all that it remembers as arrays, which `numpy.savez` can write."""
        rest = {"stuff": self._stuff, "labels": self._labels, "last_id": self._last_id}
        return {
            **tracks_to_arrays(self._tracks),
            "stamp": np.array(self._stamp, np.float64),
            "rest": np.frombuffer(json.dumps(rest).encode(), np.uint8),
        }

    def restore(self, saved: Mapping[str, np.ndarray]) -> None:
        """Remember what `save` returned: all later results are those of the tracker that was saved.

        Example:
            >>> tracker, other = Tracker(), Tracker()
            >>> other.restore(tracker.save())
        """
        rest = json.loads(saved["rest"].tobytes())
        self._tracks = tracks_from_arrays(saved)
        self._stuff, self._labels = rest["stuff"], tuple(rest["labels"])
        self._last_id, self._stamp = rest["last_id"], float(saved["stamp"])

    def _forget(self, result: TrackableResult, seen: Observation, stamp: float) -> None:
        another_model = self._tracks and self._tracks[0].kernel.shape != seen.kernels.shape[1:]
        if stamp < self._stamp or another_model:
            self._tracks = []
        self._tracks = [track for track in self._tracks if stamp - track.stamp <= self.config.memory]
        if result.vocabulary.labels != self._labels:
            self._labels = result.vocabulary.labels
            for track in self._tracks:
                track.probabilities = None

    def _continue(self, seen: Observation, stamp: float) -> list[Track]:
        """Return the track of every segment, and drop those that were seen only once."""
        found: dict[int, Track] = {}
        if self._tracks and seen.segments:
            similarity = similarities(self._tracks, seen, stamp, self.config)
            for i, j in assign(similarity, self.config.min_similarity):
                found[j] = self._tracks[i]
                self._see(found[j], seen, j, stamp)
        begun = {j: self._begin(seen, j, stamp) for j in range(len(seen.segments)) if j not in found}
        shown = {id(track) for track in found.values()}
        hidden = [track for track in self._tracks if track.id and id(track) not in shown]
        self._tracks = [*hidden[-MOST_HIDDEN:], *found.values(), *begun.values()]  # the last seen is the last
        return [found.get(j) or begun[j] for j in range(len(seen.segments))]

    def _see(self, track: Track, seen: Observation, j: int, stamp: float) -> None:
        track.see(
            seen.kernels[j],
            seen.masks[j],
            seen.probabilities[j],
            stamp,
            smoothing=self.config.smoothing,
            in_a_row=track.stamp == self._stamp,
        )
        track.id = track.id or self._new_id()

    @staticmethod
    def _begin(seen: Observation, j: int, stamp: float) -> Track:
        return Track(seen.kernels[j], seen.masks[j], stamp, seen.probabilities[j])

    @staticmethod
    def _named(
        segments: list[LabelledSegment], tracks: list[Track], result: TrackableResult
    ) -> dict[int, LabelledSegment]:
        """Return the things by segment id, each with the best thing class of its track."""
        if not segments:
            return {}
        labels, is_thing = result.vocabulary.labels, np.array(result.vocabulary.is_thing)
        averages = np.where(is_thing, np.stack([track.known_probabilities for track in tracks]), -1.0)
        classes, scores = averages.argmax(1).tolist(), averages.max(1).tolist()
        return {
            segment.id: dataclasses.replace(
                segment, track_id=track.id, class_id=class_id, label=labels[class_id], score=score
            )
            for segment, track, class_id, score in zip(segments, tracks, classes, scores, strict=True)
        }

    def _stuff_segment(self, segment: LabelledSegment) -> LabelledSegment:
        track_id = self._stuff.get(segment.label) or self._new_id()
        self._stuff[segment.label] = track_id
        return dataclasses.replace(segment, track_id=track_id)

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id
