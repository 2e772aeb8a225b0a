"""`evaluate` and `segment` on a GPU, as far as a simulated one shows it: the figures of the CPU."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from simulated_cuda import simulated_cuda

from eovseg_model.benchmark.synthetic import synthetic_picture
from eovseg_model.cli.segmentation import Segmentation
from eovseg_model.data.annotated import AnnotatedSet
from eovseg_model.data.coco_panoptic import CocoPanoptic
from eovseg_model.data.coco_results import coco_categories, to_coco_panoptic
from eovseg_model.evaluation.datasets import EvaluationDataset
from eovseg_model.evaluation.judging import evaluate
from eovseg_model.evaluation.results import EvaluationResult
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.vocabulary.vocabulary import Vocabulary

VOCABULARY = Vocabulary.parse(
    ["red cube", "mug,cup", "blue bowl", "floor|stuff", "wall|stuff", "table|stuff"]
)
PICTURES = [synthetic_picture((96, 128), seed) for seed in (1, 2)]


def load(device: str) -> EOVSegPredictor:
    return EOVSegPredictor.from_checkpoint("tiny", vocabulary=VOCABULARY, device=device, backend="torch")


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> CocoPanoptic:
    """The pictures, and what the model says of them on the CPU as the truth."""
    folder = tmp_path_factory.mktemp("answers")
    (folder / "images").mkdir()
    (folder / "panoptic").mkdir()
    predictor, annotations = load("cpu"), []
    for number, picture in enumerate(PICTURES):
        ids, annotation = to_coco_panoptic(predictor(picture), number, f"{number}.png")
        Image.fromarray(ids).save(folder / "panoptic" / f"{number}.png")
        Image.fromarray(picture).save(folder / "images" / f"{number}.png")
        annotations.append(annotation)
    images = [{"id": number, "file_name": f"{number}.png"} for number in range(len(PICTURES))]
    content = {"images": images, "annotations": annotations, "categories": coco_categories(VOCABULARY)}
    (folder / "panoptic.json").write_text(json.dumps(content))
    return CocoPanoptic.from_folder(folder)


def judge(device: str, samples: CocoPanoptic) -> EvaluationResult:
    dataset = EvaluationDataset((), lambda root: AnnotatedSet(samples), panoptic=True)
    names = {
        "dataset_name": "answers",
        "variant": "tiny",
        "checkpoint": "none",
        "device": "any",
        "backend": "any",
    }
    return evaluate(load(device), VOCABULARY, AnnotatedSet(samples), dataset, **names, limit=None)


def test_evaluation(answers):
    """PQ against the CPU's own answers is 100; AP and mIoU, of other results, are what the CPU gets."""
    expected = judge("cpu", answers)
    with simulated_cuda():
        found = judge("cuda", answers)
    everything = found.groups[0]
    assert everything.pq == pytest.approx(100, abs=0.5) and everything.num_true >= 5
    assert everything.ap is not None and everything.miou > 0
    for scores, wanted in zip(found.groups + found.classes, expected.groups + expected.classes, strict=True):
        assert dataclasses.astuple(scores) == pytest.approx(dataclasses.astuple(wanted), abs=0.5)


def test_segmentation_of_files(tmp_path):
    """Overlays and panoptic PNGs."""
    picture = tmp_path / "picture.png"
    Image.fromarray(PICTURES[0]).save(picture)

    def segment(device: str) -> Path:
        out = tmp_path / device
        out.mkdir()
        segmentation = Segmentation(load(device), VOCABULARY, out, opacity=0.5, max_pixels=10**6)
        segmentation.images([picture])
        assert segmentation.failures == []
        return out

    expected = segment("cpu")
    with simulated_cuda():
        found = segment("cuda")
    files = sorted(file.name for file in expected.iterdir())
    assert files == sorted(file.name for file in found.iterdir()) and len(files) == 3
    for name in files:
        if name.endswith(".png"):
            differ = np.asarray(Image.open(found / name)) != np.asarray(Image.open(expected / name))
            assert differ.mean() < 1e-2
