"""Train S, M, L or tiny on a panoptic data set with one vocabulary."""

from pathlib import Path

import torch
from lightning_fabric import Fabric

from ...checkpoint import save_weights
from ...data import LargeScaleJitter
from ...inference import EOVSegPredictor
from ...network import EOVSeg
from ..objective.losses import PanopticLoss
from ..objective.matcher import LossWeights
from ..optimization.descent import Plan, descend
from ..optimization.optimizer import make_optimizer, norms_and_embeddings
from ..optimization.processes import make_fabric, place_model
from ..optimization.schedule import staircase
from .example_stream import ExampleStream
from .examples import Examples
from .logbook import Logbook
from .recipe import Recipe, RecipeError, read_recipe, read_variant, to_json
from .sample_pictures import SamplePictures
from .start import new_model
from .supervised_step import SupervisedStep
from .training_sets import TRAINING_SETS, TrainingSet

PICTURES = 4


def train_supervised(
    recipe: Recipe, variant: str, data: Path, out: Path, checkpoint: Path | None
) -> Path | None:
    """Train, or resume an earlier run in out; return the weights file in the first process, None in others.

    Writes recipe.json, last.pt to resume from, tensorboard/ and, at every checkpoint, the weights to out.
    checkpoint is a weights file to fine-tune. Raises RecipeError, DatasetError or CheckpointError.
    """
    if recipe.dataset not in TRAINING_SETS:
        raise RecipeError(f"unknown dataset {recipe.dataset!r}; choose from: {', '.join(TRAINING_SETS)}")
    training_set = TRAINING_SETS[recipe.dataset](data)
    fabric = make_fabric(recipe)
    augment = LargeScaleJitter(recipe.crop_size, (recipe.jitter[0], recipe.jitter[1]))
    stream = ExampleStream(fabric, Examples(training_set, augment), recipe)
    if fabric.is_global_zero:
        _claim(out, recipe, variant)
    model = new_model(variant, checkpoint, recipe.seed)
    place_model(fabric, model)
    return _train(fabric, recipe, model, training_set, stream, out)


def make_loss(recipe: Recipe) -> PanopticLoss:
    """Return the loss with a recipe's weights and points."""
    return PanopticLoss(
        weights=LossWeights(recipe.class_weight, recipe.mask_weight, recipe.dice_weight),
        no_object=recipe.no_object,
        num_points=recipe.num_points,
        oversample=recipe.oversample,
        importance=recipe.importance,
    )


def _train(
    fabric: Fabric,
    recipe: Recipe,
    model: EOVSeg,
    data: TrainingSet,
    stream: ExampleStream,
    out: Path,
) -> Path | None:
    weights = out / f"eovseg_{model.config.name}.safetensors"
    predictor = EOVSegPredictor(model, data.vocabulary)
    step = SupervisedStep(model, predictor.vocabulary.text, make_loss(recipe))
    optimizer = make_optimizer(
        step,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        spared=norms_and_embeddings(step),
    )

    def on_checkpoint(done: int) -> None:
        if done < recipe.steps:
            save_weights(model, weights, {"variant": model.config.name, "steps": str(done)}, torch.float32)

    pictures = SamplePictures(predictor, data, PICTURES)
    book = Logbook(out / "tensorboard", recipe.steps, recipe.log_every, pictures, on_checkpoint)
    descend(fabric, step, optimizer, stream, _plan(recipe), out / "last.pt", book)
    if not fabric.is_global_zero:
        return None
    book.close()
    save_weights(model, weights, {"variant": model.config.name, "steps": str(recipe.steps)}, torch.float32)
    return weights


def _plan(recipe: Recipe) -> Plan:
    def rate(step: int) -> float:
        return recipe.learning_rate * staircase(
            step, warm_up=recipe.warm_up, milestones=recipe.milestones, factor=recipe.decay
        )

    return Plan(recipe.steps, rate, recipe.clip_norm, recipe.checkpoint_every)


def _claim(out: Path, recipe: Recipe, variant: str) -> None:
    """Create the folder and write the recipe, or check that it has the same recipe and variant."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / "recipe.json"
    if not file.exists():
        file.write_text(to_json(recipe, variant), encoding="utf-8")
    elif (read_recipe(file), read_variant(file)) != (recipe, variant):
        raise RecipeError(
            f"{out} contains a training with a different {file.name}; choose another folder, or edit that "
            "file to continue with new settings"
        )
