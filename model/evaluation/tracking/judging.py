"""Evaluation of trackers on sequences."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from tqdm import tqdm

from ...data import CocoSequences, SequenceFrame, check_classes
from ...inference import PanopticResult
from ...vocabulary import Vocabulary
from ..metrics.overlaps import FrameOverlaps, TrackedSegment, count_overlaps
from .association import Assignment, AssociationMaker
from .results import SequencesResult, TrackingMetrics


def evaluate_sequences(
    predict: Callable[[np.ndarray], PanopticResult],
    vocabulary: Vocabulary,
    data: CocoSequences,
    associations: Mapping[str, AssociationMaker],
    *,
    dataset_name: str,
    variant: str,
    checkpoint: str,
    device: str,
    backend: str,
    limit: int | None,
) -> SequencesResult:
    """Predict every frame once, or the first limit frames, and judge what the associations make of it.

    predict must use the vocabulary. dataset_name, variant, checkpoint, device and backend are only recorded
    in the result. Raises DatasetError if the vocabulary does not fit the data set.
    """
    check_classes(data.categories, vocabulary)
    sequences = _limited(data.sequences(), limit)
    frames = sum(map(len, sequences))
    metrics = {name: TrackingMetrics(vocabulary.is_thing) for name in associations}
    with tqdm(total=frames, desc="segmenting", unit="frame", mininterval=1) as progress:
        for sequence in sequences:
            judges = {name: make() for name, make in associations.items()}
            judged: dict[str, list[FrameOverlaps]] = {name: [] for name in associations}
            seconds: dict[str, list[float]] = {name: [] for name in associations}
            for index in sequence:
                frame = data.frame(index)
                result = predict(frame.sample.image)
                overlaps = _overlaps(frame, result)
                for name, associate in judges.items():
                    start = time.perf_counter()
                    assignments = associate(result, frame.stamp, overlaps)
                    seconds[name].append(time.perf_counter() - start)
                    judged[name].append(_assigned(overlaps, assignments))
                progress.update()
            for name, metric in metrics.items():
                metric.add(judged[name], seconds[name])
    return SequencesResult(
        dataset=dataset_name,
        variant=variant,
        checkpoint=checkpoint,
        device=device,
        backend=backend,
        sequences=len(sequences),
        frames=frames,
        associations={name: metric.scores() for name, metric in metrics.items()},
    )


def _limited(sequences: list[list[int]], limit: int | None) -> list[list[int]]:
    """Return the sequences up to a number of frames in all."""
    if limit is None:
        return sequences
    left, kept = limit, []
    for sequence in sequences:
        if left > 0:
            kept.append(sequence[:left])
            left -= len(sequence)
    return kept


def _overlaps(frame: SequenceFrame, result: PanopticResult) -> FrameOverlaps:
    """Count common pixels; the predicted segments have no tracks yet."""
    segments = frame.sample.segments
    true = [
        TrackedSegment(s.category, track, s.is_crowd)
        for s, track in zip(segments, frame.track_ids, strict=True)
    ]
    predicted = [TrackedSegment(s.class_id, 0) for s in result.segments]
    true_ids, predicted_ids = [s.id for s in segments], [s.id for s in result.segments]
    pixels = count_overlaps(frame.sample.id_map, true_ids, result.label_image, predicted_ids)
    return FrameOverlaps(true, predicted, pixels)


def _assigned(overlaps: FrameOverlaps, assignments: Sequence[Assignment]) -> FrameOverlaps:
    if len(assignments) != len(overlaps.predicted):
        raise ValueError(
            f"the tracker returned {len(assignments)} tracks for {len(overlaps.predicted)} segments"
        )
    return overlaps._replace(predicted=[TrackedSegment(a.class_id, a.track_id) for a in assignments])
