"""Evaluation of a predictor on a data set."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from tqdm import tqdm

from ..data import AnnotatedSet, check_classes
from ..inference import PanopticResult
from ..network import count
from ..vocabulary import Vocabulary
from .datasets import EvaluationDataset
from .metrics.metrics import Metrics
from .results import EvaluationResult


def evaluate(
    predict: Callable[[np.ndarray], PanopticResult],
    vocabulary: Vocabulary,
    data: AnnotatedSet,
    dataset: EvaluationDataset,
    *,
    dataset_name: str,
    variant: str,
    checkpoint: str,
    device: str,
    backend: str,
    limit: int | None,
) -> EvaluationResult:
    """Predict every image, or the first limit images, and compute all metrics.

    predict must use the vocabulary. dataset_name, variant, checkpoint, device and backend are only recorded
    in the result. Raises DatasetError if the vocabulary does not fit the data set.
    """
    check_classes(data.samples.categories, vocabulary)
    images = min(limit or len(data.samples), len(data.samples))
    metrics = Metrics(data, panoptic=dataset.panoptic)
    groups = _groups(vocabulary.is_thing, dataset)
    with tqdm(total=images, desc="segmenting", unit="image", mininterval=1) as progress:
        for index in range(images):
            metrics.add(index, predict)
            progress.update()
        progress.set_description("computing scores")
        scores = metrics.scores([*groups.items(), *((name, [i]) for i, name in enumerate(vocabulary.labels))])
    size = metrics.sizes.most_common(1)[0][0]
    parts = [p for p in count(variant, size, len(vocabulary.synonyms)) if p.multiply_adds is not None]
    return EvaluationResult(
        dataset=dataset_name,
        variant=variant,
        checkpoint=checkpoint,
        images=images,
        groups=scores[: len(groups)],
        classes=scores[len(groups) :],
        frames_per_second=metrics.frames_per_second(),
        device=device,
        backend=backend,
        parameters=sum(part.parameters for part in parts),
        multiply_adds=sum(part.multiply_adds or 0 for part in parts),
        input_size=size,
    )


def _groups(is_thing: Sequence[bool], dataset: EvaluationDataset) -> Mapping[str, Sequence[int]]:
    """Return all classes and, for panoptic data sets, things, stuff and the data set's groups."""
    everything = range(len(is_thing))
    if not dataset.panoptic:
        return {"all": everything}
    things = [i for i in everything if is_thing[i]]
    stuff = [i for i in everything if not is_thing[i]]
    return {"all": everything, "things": things, "stuff": stuff, **dataset.groups}
