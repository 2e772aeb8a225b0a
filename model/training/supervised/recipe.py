"""The published training recipe of S, M and L, and files that override it."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

VARIANT = "variant"
KINDS = {int: "an integer", float: "a number", str: "a string", tuple: "a list of numbers"}


class RecipeError(ValueError):
    """Raised for an invalid recipe; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The published configuration; a JSON object overrides any of its fields (docs/training.md).

    Raises RecipeError for invalid values.
    """

    dataset: str = "coco"  # a name in training_sets.TRAINING_SETS
    seed: int = 0  # for new layers, the order of images, crops and sample points
    steps: int = 200_000
    batch_size: int = 16  # images per step, over all processes
    accumulate: int = 1  # number of batches into which a process divides its images of a step
    precision: str = "32-true"  # or bf16-mixed
    learning_rate: float = 1e-4
    weight_decay: float = 0.05  # except for norms and embeddings
    clip_norm: float = 0.01  # maximum norm of all gradients together
    warm_up: int = 0  # steps; the published 10 steps have a factor of 1, so no effect
    milestones: tuple[int, ...] = (163_889, 187_546)  # steps from which the rate is multiplied by `decay`
    decay: float = 0.1
    crop_size: int = 1024  # pixels, a multiple of 32
    jitter: tuple[float, ...] = (0.1, 2.0)  # minimum and maximum scale of an image relative to the crop
    class_weight: float = 2.0
    mask_weight: float = 5.0
    dice_weight: float = 5.0
    no_object: float = 0.1  # weight of void in the classification loss
    num_points: int = 12_544  # points per mask for matching and mask losses
    oversample: float = 3.0  # this times num_points candidates are drawn;
    importance: float = 0.75  # this share of num_points are the least certain candidates
    workers: int = 4  # data loading processes per training process
    checkpoint_every: int = 5000  # steps; also writes weights and sample images
    log_every: int = 20  # steps

    def __post_init__(self) -> None:
        counts = ("steps", "batch_size", "accumulate", "num_points", "checkpoint_every", "log_every")
        for name in counts:
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} must be at least 1; got {getattr(self, name)}")
        for name in ("warm_up", "workers", "seed"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} must be at least 0; got {getattr(self, name)}")
        if self.crop_size < 32 or self.crop_size % 32:
            raise RecipeError(f"crop_size must be a positive multiple of 32; got {self.crop_size}")
        if self.precision not in ("32-true", "bf16-mixed"):
            raise RecipeError(f"precision must be '32-true' or 'bf16-mixed'; got {self.precision!r}")
        if not 0 <= self.importance <= 1:
            raise RecipeError(f"importance must be 0 to 1; got {self.importance}")
        if self.oversample < 1:
            raise RecipeError(f"oversample must be at least 1; got {self.oversample}")
        if len(self.jitter) != 2 or not 0 < self.jitter[0] <= self.jitter[1]:
            raise RecipeError(
                f"jitter must be [minimum, maximum] with 0 < minimum <= maximum; got {list(self.jitter)}"
            )


def read_recipe(path: Path) -> Recipe:
    """Return the published recipe with the overrides of a JSON file. Raises RecipeError if it is invalid.

    The entry "variant" is ignored; use `read_variant`.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"cannot read {path} as JSON: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path} must contain a JSON object with fields of the recipe")
    content.pop(VARIANT, None)
    known = asdict(Recipe())
    if unknown := sorted(content.keys() - known.keys()):
        raise RecipeError(f"{path}: unknown fields: {', '.join(unknown)}; choose from: {', '.join(known)}")
    try:
        return Recipe(**{name: _as(type(known[name]), value, name) for name, value in content.items()})
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def read_variant(path: Path) -> str | None:
    """Return the variant in a file of `to_json`; None if it has no such entry."""
    return json.loads(path.read_text(encoding="utf-8")).get(VARIANT)


def to_json(recipe: Recipe, variant: str) -> str:
    """Return the recipe and its variant as JSON, one field per line."""
    lines = {VARIANT: variant} | {f.name: getattr(recipe, f.name) for f in fields(recipe)}
    return json.dumps(lines, indent=1) + "\n"


def _as(kind: type, value: Any, name: str) -> Any:
    if kind is tuple and isinstance(value, list) and all(_is_number(v) for v in value):
        return tuple(value)
    if kind is float and _is_number(value):
        return float(value)
    if type(value) is kind:
        return value
    raise RecipeError(f"{name} must be {KINDS[kind]}; got {value!r}")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
