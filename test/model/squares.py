"""Gradients of one training step on drawn pictures; as a script, under torchrun, of several processes."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from eovseg_model.data.augmentation import LargeScaleJitter
from eovseg_model.data.sample import AnnotatedSegment, Category, PanopticSample
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.eovseg import EOVSeg
from eovseg_model.network.text.classification import TextEmbeddings
from eovseg_model.training.optimization.descent import Plan, descend
from eovseg_model.training.optimization.processes import make_fabric
from eovseg_model.training.supervised.example_stream import ExampleStream
from eovseg_model.training.supervised.examples import Examples
from eovseg_model.training.supervised.recipe import Recipe
from eovseg_model.training.supervised.supervised_step import SupervisedStep
from eovseg_model.training.supervised.train import make_loss
from eovseg_model.training.supervised.training_sets import TrainingSet
from eovseg_model.vocabulary.vocabulary import Vocabulary

RANDOM = torch.rand
SIZE = 64
NAMES = ("red square", "blue square", "green square", "white square")
RECIPE = Recipe(batch_size=4, crop_size=SIZE, jitter=(1.0, 1.0), num_points=64, workers=0)
# The classification loss is a mean by process, as published: with it, all images need as many segments.
CASES = {
    "all losses": (RECIPE, (3, 3, 3, 3)),
    "mask losses in parts": (replace(RECIPE, class_weight=0.0, accumulate=2), (1, 2, 4, 3)),
}


class Squares:
    """Pictures of noise with a number of squares each."""

    categories = [Category(name, True) for name in NAMES]
    image_files: list[Path] = []

    def __init__(self, counts: tuple[int, ...]) -> None:
        self._counts = counts

    def __len__(self) -> int:
        return len(self._counts)

    def __getitem__(self, index: int) -> PanopticSample:
        rng = np.random.default_rng(index)
        image = rng.integers(0, 80, (SIZE, SIZE, 3), dtype=np.uint8)
        id_map = np.zeros((SIZE, SIZE), np.int32)
        for i in range(self._counts[index]):
            place = slice(16 * i, 16 * i + 12)
            id_map[place, place] = i + 1
            image[place, place, i % 3] += 150
        return PanopticSample(image, id_map, [AnnotatedSegment(i + 1, i, False) for i in range(id_map.max())])


class FixedNorms(SupervisedStep):
    """With norms that keep the statistics they have."""

    def train(self, mode: bool = True) -> "FixedNorms":
        super().train(False)
        return self


class Gradients:
    """Keeps what the first step computes."""

    def __init__(self, step: SupervisedStep) -> None:
        self._step = step

    def start(self, first: int) -> None: ...

    def step(self, report) -> None:
        parameters = self._step.named_parameters()
        self.values = {name: p.grad.clone() for name, p in parameters if p.requires_grad}

    def flush(self) -> None: ...

    def checkpoint(self, step: int) -> None: ...


def same_points(*size: int, device: torch.device | None = None) -> torch.Tensor:
    """In place of torch.rand: every mask gets the same points, whatever was drawn before."""
    if len(size) != 3:
        return RANDOM(*size)
    masks, *rest = size
    draw = np.random.default_rng(rest).random((1, *rest), dtype=np.float32)
    return torch.from_numpy(draw).expand(masks, -1, -1)


def settle_norms(model: EOVSeg) -> None:
    """Give the trained batch norms the statistics of one batch."""
    torch.manual_seed(1)
    images = torch.randn(2, 3, SIZE, SIZE)
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 1.0
    model.train()
    with torch.no_grad():
        embeddings = torch.nn.functional.normalize(torch.randn(4, model.config.text_dim), dim=-1)
        text = TextEmbeddings(embeddings, torch.arange(4)[:, None])
        model.decode(model.aggregator(model.backbone(images)), images, text, every_stage=True)


def gradients(recipe: Recipe, counts: tuple[int, ...], folder: Path) -> dict[str, torch.Tensor]:
    """All gradients of the first step; torch.rand must be same_points."""
    fabric = make_fabric(recipe)
    torch.manual_seed(0)
    model = build_model(CONFIGS["tiny"])
    settle_norms(model)
    vocabulary = Vocabulary.parse(NAMES)
    data = TrainingSet(Squares(counts), vocabulary, tuple(range(len(NAMES))))
    text = EOVSegPredictor(model, vocabulary).vocabulary.text
    step = FixedNorms(model, text, make_loss(recipe))
    stream = ExampleStream(fabric, Examples(data, LargeScaleJitter(SIZE, (1.0, 1.0))), recipe)
    plan = Plan(steps=1, rate=lambda step: 0.0, clip_norm=1e9, checkpoint_every=1)
    trained = [p for p in step.parameters() if p.requires_grad]
    kept = Gradients(step)
    descend(fabric, step, torch.optim.SGD(trained), stream, plan, folder / "last.pt", kept)
    return kept.values if fabric.is_global_zero else {}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.rand = same_points
    for number, (recipe, counts) in enumerate(CASES.values()):
        out = Path(sys.argv[1]) / str(number)
        found = gradients(recipe, counts, out)
        if found:
            torch.save(found, out / "gradients.pt")
