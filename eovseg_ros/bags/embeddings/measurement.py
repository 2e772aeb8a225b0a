"""Panoptic quality and time of relabelling, compared with running the network again."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from tqdm import tqdm

from eovseg_model.data import CocoSequences, SequenceFrame
from eovseg_model.evaluation import ClassifiedSegment, PanopticQuality, simulation_groups
from eovseg_model.inference import EOVSegPredictor, LabelledSegment, PanopticResult, class_probabilities
from eovseg_model.simulation import CATALOG, FIXED_OBJECTS, SHAPES, STUFF_NAMES, TRAINED_NAMES
from eovseg_model.tracking import Tracker
from eovseg_model.vocabulary import EncodedVocabulary
from eovseg_ros.bags.embeddings.embeddings_file import EmbeddingsFile, read_embeddings
from eovseg_ros.bags.embeddings.renaming import rename
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame

_GROUPS = ("trained names", "kept-out names")
_OBJECTS = ("object", *STUFF_NAMES)
FIRST_WORDS: dict[str, Sequence[str]] = {
    "the same words": CATALOG,
    "all but the kept-out names": TRAINED_NAMES,
    "shapes without colours": (*SHAPES, *FIXED_OBJECTS, *STUFF_NAMES),
    "`@lvis`": ("@lvis",),
    "`@coco_panoptic`": ("@coco_panoptic",),
    "`object`, floor, wall, table": _OBJECTS,
}


class _Column:
    """A way to name the segments: its quality and its time."""

    def __init__(self) -> None:
        self.quality = PanopticQuality(len(CATALOG))
        self.seconds = 0.0

    def judge(self, ids: np.ndarray, segments: Sequence[LabelledSegment], frame: SequenceFrame) -> None:
        true = [ClassifiedSegment(s.id, s.category, s.is_crowd) for s in frame.sample.segments]
        found = [ClassifiedSegment(s.id, s.class_id) for s in segments]
        self.quality.update(ids, found, frame.sample.id_map, true)

    def row(self, name: str, frames: int, other: "_Column") -> str:
        groups = simulation_groups()
        qualities = [self.quality.mean().pq, *(self.quality.mean(groups[g]).pq for g in _GROUPS)]
        shown = " | ".join(f"{quality:.1f}" for quality in qualities)
        ratio = other.seconds / self.seconds
        return f"| {name} | {shown} | {1000 * self.seconds / frames:.2f} | {ratio:.0f} |"


def measure(folder: Path, *, threads: int, step: int) -> str:
    """Return a table in Markdown. Raises DatasetError for a folder without sequences."""
    torch.set_num_threads(threads)
    data = CocoSequences(folder)
    sequences = [indices[::step] for indices in data.sequences()]
    new = _entries(CATALOG)
    predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=new, device="cpu")
    words = predictor.vocabulary
    again = _Column()
    rows = {name: _Column() for name in FIRST_WORDS}
    vocabularies = {name: predictor.encode(_entries(first)) for name, first in FIRST_WORDS.items()}
    with tqdm(total=(1 + len(rows)) * sum(map(len, sequences)), unit="frame", mininterval=1) as progress:
        for indices in sequences:
            frames = [data.frame(index) for index in indices]
            tracker = Tracker()
            for frame in frames:
                started = time.perf_counter()
                result = predictor(frame.sample.image)
                segments = tracker.update(result, frame.stamp)
                again.seconds += time.perf_counter() - started
                again.judge(result.label_image, segments, frame)
                progress.update()
            for name, vocabulary in vocabularies.items():
                results = []
                for frame in frames:
                    results.append(predictor(frame.sample.image, vocabulary=vocabulary))
                    progress.update()
                _relabel(predictor, words, frames, results, rows[name])
    count = sum(map(len, sequences))
    head = "| first words | PQ, all | PQ, trained names | PQ, kept-out names | ms a frame | times as fast |"
    lines = [head, "|---|---|---|---|---|---|", again.row("the network with the new words", count, again)]
    return "\n".join([*lines, *(column.row(name, count, again) for name, column in rows.items())])


def _relabel(
    predictor: EOVSegPredictor,
    words: EncodedVocabulary,
    frames: Sequence[SequenceFrame],
    results: Sequence[PanopticResult],
    column: _Column,
) -> None:
    """Store what the first run found, read it, name it anew, and judge that."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "frames"
        file = EmbeddingsFile(path)
        for result in results:
            file.add(_stored(result))
        file.end_block(len(results))
        file.close()
        started = time.perf_counter()
        tracker = Tracker()
        found = []
        for frame, result, stored in zip(frames, results, read_embeddings(path), strict=True):
            classes = len(words.vocabulary) + 1
            probabilities = (
                class_probabilities(predictor.model, stored.embeddings, words)
                if len(stored.ids)
                else np.zeros((0, classes), np.float32)
            )
            renamed = rename(result.label_image, stored, probabilities, words.vocabulary)
            found.append((renamed.label_image, tracker.update(renamed, frame.stamp)))
        column.seconds += time.perf_counter() - started
    for frame, (ids, segments) in zip(frames, found, strict=True):
        column.judge(ids, segments, frame)


def _stored(result: PanopticResult) -> StoredFrame:
    features = result.segment_features
    ids = np.array([segment.id for segment in result.segments], int)
    size = result.label_image.shape
    boxes = np.zeros((len(ids), 4), int)
    none = np.zeros_like(ids)
    return StoredFrame("", 0, 0, size, ids, none, boxes, features.kernels, features.embeddings, b"")


def _entries(names: Sequence[str]) -> list[str]:
    return [f"{name}|stuff" if name in STUFF_NAMES else name for name in names]
