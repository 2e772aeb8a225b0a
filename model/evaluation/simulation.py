"""Panoptic quality on simulated scenes: `python -m eovseg_model.evaluation.simulation SCENES`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..data.coco_panoptic import CocoPanoptic
from ..predictor import DEMO_WEIGHTS, EOVSegPredictor
from ..simulation.catalog import CATALOG, KEPT_OUT_NAMES, STUFF_NAMES, TRAINED_NAMES, vocabulary_entries
from .panoptic_quality import LabelledSegment, PanopticQuality

GROUPS: dict[str, tuple[str, ...]] = {
    "trained names": TRAINED_NAMES,
    "  things": tuple(n for n in TRAINED_NAMES if n not in STUFF_NAMES),
    "  stuff": STUFF_NAMES,
    "kept-out names": KEPT_OUT_NAMES,
}


def evaluate(
    predictor: EOVSegPredictor, dataset: CocoPanoptic, names: Sequence[str], limit: int
) -> PanopticQuality:
    """Quality over the first limit images; class ids of the predictor's vocabulary are indices in names."""
    quality = PanopticQuality(len(names))
    class_of = [names.index(c.name) for c in dataset.categories]
    for index in tqdm(range(min(limit, len(dataset))), desc="evaluating", mininterval=1):
        image, id_map, segments = dataset[index]
        result = predictor(image)
        predicted = [LabelledSegment(s.id, s.class_id) for s in result.segments]
        true = [LabelledSegment(s.id, class_of[s.category], s.is_crowd) for s in segments]
        quality.update(np.asarray(result.map), predicted, id_map, true)
    return quality


def report(quality: PanopticQuality, names: Sequence[str], per_class: bool) -> str:
    """A table of PQ, SQ, RQ and true segments for each group of names."""
    lines = [f"{'':24}{'PQ':>7}{'SQ':>7}{'RQ':>7}{'true':>7}"]
    rows = [(group, quality.mean([names.index(n) for n in members])) for group, members in GROUPS.items()]
    if per_class:
        rows += [(n, q) for i, n in enumerate(names) if (q := quality.of_class(i)) is not None]
    lines += [f"{title:24}{q.pq:7.1f}{q.sq:7.1f}{q.rq:7.1f}{q.num_true:7d}" for title, q in rows]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", type=Path)
    parser.add_argument("--weights", type=Path, default=DEMO_WEIGHTS)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--per-class", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    predictor = EOVSegPredictor.from_checkpoint("tiny", arguments.weights, vocabulary_entries(CATALOG))
    quality = evaluate(predictor, CocoPanoptic.from_folder(arguments.scenes), CATALOG, arguments.images)
    print(report(quality, CATALOG, arguments.per_class))


if __name__ == "__main__":
    main()
