"""Compare measured positions and boxes with the true ones."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...geometry import SegmentGeometry, measure_geometry, up_in_camera
from ...simulation import RayCaster, Scene
from .box_overlap import box_iou
from .truth import TrueThing, Truth, View

OVERLAP = 0.5  # IoU above which a mask is that of a thing


class ThingScore(NamedTuple):
    """A measured thing.

    surface_error in metres (infinite if the position is on another object), centre_error as a share of the
    thing's size (the mean of its true box's sides), and the IoU with its true box.
    """

    label: str
    surface_error: float
    centre_error: float
    iou: float
    is_whole: bool  # all of it is in view


def views_of(seed: int, count: int, size: tuple[int, int]) -> Iterator[tuple[Truth, View]]:
    """Yield random views of a scene and its truth; size is width and height."""
    with Scene(seed) as scene, RayCaster(scene.world) as caster:
        truth, rng = Truth(scene, caster), np.random.default_rng(seed)
        for _ in range(count):
            yield truth, View.render(scene, rng, size)


def noisy_depth(view: View, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Return the view's depth in millimetres (H, W) uint16, with noise in metres at 1 m.

    It grows with the square of the depth, as that of stereo cameras.
    """
    depth = view.frame.depth
    noisy = depth + noise * depth**2 * rng.standard_normal(depth.shape, dtype=np.float32)
    return np.round(noisy * 1000).clip(0, 65535).astype(np.uint16)


def score_view(
    truth: Truth, view: View, depth: np.ndarray, label_image: np.ndarray | None = None
) -> list[ThingScore]:
    """Score the things of a view inside their true masks, or inside those of a label image.

    Things without a mask in the label image are left out.
    """
    true_ids = view.frame.segment_ids
    masks = true_ids if label_image is None else label_image
    up = up_in_camera(view.world_from_camera)
    measured = measure_geometry(masks, depth, view.camera, up=up)
    scores = []
    for thing in truth.things(view):
        segment = thing.segment_id if label_image is None else _matching(true_ids == thing.segment_id, masks)
        if segment in measured:
            scores.append(_score(truth, view, thing, measured[segment]))
    return scores


def _matching(mask: np.ndarray, label_image: np.ndarray) -> int:
    """Return the id of the segment that covers a mask (H, W), 0 if there is none."""
    common = np.bincount(label_image[mask])
    common[0] = 0
    best = int(common.argmax())
    union = mask.sum() + (label_image == best).sum() - common[best]
    return best if common[best] > OVERLAP * union else 0


def _score(truth: Truth, view: View, thing: TrueThing, measured: SegmentGeometry) -> ThingScore:
    box = measured.box.transformed(view.world_from_camera)
    away = np.linalg.norm(box.centre - thing.box.centre) / thing.box.size.mean()
    surface_error = truth.surface_error(view, thing, measured.position)
    return ThingScore(thing.label, surface_error, float(away), box_iou(box, thing.box), thing.is_whole)
