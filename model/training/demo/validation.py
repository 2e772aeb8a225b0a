"""Validation of the demo model during training, on scenes that it is not trained on."""

from collections.abc import Callable, Sequence

import torch

from ...data import CocoPanoptic
from ...evaluation import ClassifiedSegment, PanopticQuality, name_true_regions, simulation_groups
from ...inference import EOVSegPredictor
from ...network import EOVSeg
from ...simulation import KEPT_OUT_NAMES, STUFF_NAMES, TRAINED_NAMES, vocabulary_entries

EVERY = 1000  # steps
THINGS = tuple(name for name in TRAINED_NAMES if name not in STUFF_NAMES)


def measure_quality(model: EOVSeg, dataset: CocoPanoptic, limit: int) -> dict[str, float]:
    """Return PQ in percent of each group of names on the first limit images; the vocabulary is all names."""
    names = tuple(c.name for c in dataset.categories)
    predictor = EOVSegPredictor(model, vocabulary_entries(names))
    quality = PanopticQuality(len(names))
    for image, id_map, segments in (dataset[i] for i in range(min(limit, len(dataset)))):
        result = predictor(image)
        predicted = [ClassifiedSegment(s.id, s.class_id) for s in result.segments]
        quality.update(result.label_image, predicted, id_map, [ClassifiedSegment(*s) for s in segments])
    return {group: quality.mean(ids).pq for group, ids in simulation_groups().items()}


class Validation:
    """Validation on the first `limit` images of a data set, with one vocabulary of all names."""

    def __init__(self, model: EOVSeg, dataset: CocoPanoptic, limit: int, log: Callable[[str], None]) -> None:
        self.model = model
        self.dataset = dataset
        self.names = [c.name for c in dataset.categories]
        self.limit = min(limit, len(dataset))
        self.log = log

    def report_naming(self, step: int) -> None:
        """Log the share of ground-truth things that the small CLIP names correctly."""
        if step % EVERY:
            return
        samples = [self.dataset[i] for i in range(self.limit)]
        truth = torch.tensor([s.category for sample in samples for s in sample.segments])
        right = name_true_regions(self.model, samples, self.names) == truth

        def share(group: Sequence[str]) -> float:
            return 100 * float(right[torch.isin(truth, self._indices(group))].float().mean())

        self.log(
            f"validation at step {step}: things named right, trained {share(THINGS):.1f}%, "
            f"kept out {share(KEPT_OUT_NAMES):.1f}%"
        )

    def report_quality(self, step: int) -> None:
        """Log the panoptic quality of trained and of kept-out names."""
        if step % EVERY:
            return
        quality = measure_quality(self.model, self.dataset, self.limit)
        trained, kept_out = quality["trained names"], quality["kept-out names"]
        self.log(f"validation at step {step}: PQ trained {trained:.1f}, kept out {kept_out:.1f}")

    def _indices(self, group: Sequence[str]) -> torch.Tensor:
        return torch.tensor([self.names.index(name) for name in group])
