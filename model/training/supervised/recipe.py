"""How S, M and L are trained: the published recipe, and files that change it."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

VARIANT = "variant"


class RecipeError(ValueError):
    """A recipe that makes no sense; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The published configuration; a JSON object of any of these fields changes it (docs/training.md).

    Raises RecipeError for values that make no sense.
    """

    dataset: str = "coco"  # a name in training_sets.TRAINING_SETS
    seed: int = 0  # of the new layers, the order of images, crops and sample points
    steps: int = 200_000
    batch_size: int = 16  # images a step, over all processes
    accumulate: int = 1  # parts of a process's share of them, one after the other
    precision: str = "32-true"  # or bf16-mixed
    learning_rate: float = 1e-4
    weight_decay: float = 0.05  # not of norms and embeddings
    clip_norm: float = 0.01  # of all gradients together
    warm_up: int = 0  # steps; the published ten have a factor of 1 and so the full rate
    milestones: tuple[int, ...] = (163_889, 187_546)  # steps from which the rate is multiplied by `decay`
    decay: float = 0.1
    crop_size: int = 1024  # pixels, a multiple of 32
    jitter: tuple[float, ...] = (0.1, 2.0)  # least and greatest scale of an image in its crop
    class_weight: float = 2.0
    mask_weight: float = 5.0
    dice_weight: float = 5.0
    no_object: float = 0.1  # weight of void in the classification loss
    num_points: int = 12_544  # points a mask that matching and mask losses look at
    oversample: float = 3.0  # times as many are drawn at first, ...
    importance: float = 0.75  # ... and this share of num_points are the least certain of them
    workers: int = 4  # processes that read and cut images, for each training process
    checkpoint_every: int = 5000  # steps; also weights to evaluate and sample pictures
    log_every: int = 20  # steps

    def __post_init__(self) -> None:
        counts = ("steps", "batch_size", "accumulate", "num_points", "checkpoint_every", "log_every")
        for name in counts:
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("warm_up", "workers", "seed"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} must not be negative")
        if self.crop_size < 32 or self.crop_size % 32:
            raise RecipeError(f"crop_size must be a multiple of 32, not {self.crop_size}")
        if self.precision not in ("32-true", "bf16-mixed"):
            raise RecipeError(f"precision is 32-true or bf16-mixed, not {self.precision!r}")
        if not 0 <= self.importance <= 1 or self.oversample < 1:
            raise RecipeError("importance is a share of the points, from 0 to 1; oversample is at least 1")
        if len(self.jitter) != 2 or not 0 < self.jitter[0] <= self.jitter[1]:
            raise RecipeError(f"jitter is the least and the greatest scale, not {list(self.jitter)}")


def read_recipe(path: Path) -> Recipe:
    """The published recipe with the changes of a JSON file. Raises RecipeError that names the fault.

    "variant", which `to_json` writes, is not one of them: `read_variant` reads it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path} is no JSON object of the recipe's fields")
    content.pop(VARIANT, None)
    known = asdict(Recipe())
    if unknown := sorted(content.keys() - known.keys()):
        raise RecipeError(f"{path}: unknown {', '.join(unknown)}; there are: {', '.join(known)}")
    try:
        return Recipe(**{name: _as(type(known[name]), value, name) for name, value in content.items()})
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def read_variant(path: Path) -> str | None:
    """The variant that `to_json` wrote into a file that `read_recipe` reads; None where it names none."""
    return json.loads(path.read_text(encoding="utf-8")).get(VARIANT)


def to_json(recipe: Recipe, variant: str) -> str:
    """The whole recipe and the variant that is trained with it, a line a field."""
    lines = {VARIANT: variant} | {f.name: getattr(recipe, f.name) for f in fields(recipe)}
    return json.dumps(lines, indent=1) + "\n"


def _as(kind: type, value: Any, name: str) -> Any:
    if kind is tuple and isinstance(value, list) and all(_is_number(v) for v in value):
        return tuple(value)
    if kind is float and _is_number(value):
        return float(value)
    if type(value) is kind:
        return value
    raise RecipeError(f"{name}: {value!r} is of the wrong type")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
