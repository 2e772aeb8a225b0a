"""What is true of the things in view of a simulated scene, by rays instead of the renderer."""

from typing import NamedTuple

import numpy as np

from ...geometry import Box, CameraModel, transform_points, upright_box
from ...simulation import Frame, RayCaster, Scene

WORLD_UP = (0.0, 0.0, 1.0)
FEWEST_PIXELS = 300
FARTHEST = 3.0  # metres
SPARSE = 4  # pixels between rays that look for hidden parts
HIDDEN_AT_MOST = 0.03  # share of an object that counts as unhidden


class TrueThing(NamedTuple):
    """A thing with at least 300 visible pixels within 3 m; its box is in the world."""

    segment_id: int
    label: str
    body: int
    box: Box
    is_whole: bool  # all of it is in view


class View(NamedTuple):
    """A frame, its camera and the camera's true pose."""

    frame: Frame
    camera: CameraModel
    world_from_camera: np.ndarray  # (4, 4)

    @classmethod
    def render(cls, scene: Scene, rng: np.random.Generator, size: tuple[int, int]) -> "View":
        """Render from a random pose; size is width and height."""
        pose = scene.random_camera(rng)
        frame = scene.render(pose, *size)
        world_from_camera = np.eye(4)
        world_from_camera[:3, :3], world_from_camera[:3, 3] = pose.rotation(), pose.position
        k = (frame.fx, 0.0, frame.cx, 0.0, frame.fy, frame.cy, 0.0, 0.0, 1.0)
        return cls(frame, CameraModel(width=size[0], height=size[1], k=k), world_from_camera)


class Truth:
    """The things of a scene."""

    def __init__(self, scene: Scene, caster: RayCaster) -> None:
        self._scene = scene
        self._caster = caster
        self._boxes: dict[int, Box] = {}

    def things(self, view: View) -> list[TrueThing]:
        """Return the things of a view that count."""
        ids = view.frame.segment_ids
        pixels = np.bincount(ids.ravel(), minlength=len(self._scene.things) + 100)
        found = []
        for thing in self._scene.things:
            number = thing.segment.id
            if pixels[number] < FEWEST_PIXELS or np.median(view.frame.depth[ids == number]) > FARTHEST:
                continue
            box = self._box(thing.body)
            found.append(
                TrueThing(number, thing.item.name, thing.body, box, self._is_whole(view, number, thing.body))
            )
        return found

    def surface_error(self, view: View, thing: TrueThing, position: np.ndarray) -> float:
        """Return how far a position (3,) in the camera's frame is from what its ray hits, in metres.

        Infinite if the ray hits another object.
        """
        eye = view.world_from_camera[:3, 3]
        towards = transform_points(view.world_from_camera, position) - eye
        hit = self._caster.cast(eye, towards[None])
        if hit.body[0] != thing.body:
            return float("inf")
        return float(abs(hit.distance[0] - np.linalg.norm(towards)))

    def _box(self, body: int) -> Box:
        if body not in self._boxes:
            self._boxes[body] = upright_box(self._caster.surface(body), WORLD_UP)
        return self._boxes[body]

    def _is_whole(self, view: View, segment_id: int, body: int) -> bool:
        """Return whether nothing hides the thing and the image contains it."""
        rays = view.camera.rays
        chosen = np.concatenate([rays, np.ones((*rays.shape[:2], 1))], axis=2)[::SPARSE, ::SPARSE]
        directions = chosen.reshape(-1, 3) @ view.world_from_camera[:3, :3].T
        alone = np.isfinite(self._caster.cast(view.world_from_camera[:3, 3], directions, body).distance)
        alone = alone.reshape(chosen.shape[:2])
        if alone[[0, -1]].any() or alone[:, [0, -1]].any():
            return False
        visible = view.frame.segment_ids[::SPARSE, ::SPARSE] == segment_id
        return bool((alone & ~visible).sum() <= HIDDEN_AT_MOST * alone.sum())
