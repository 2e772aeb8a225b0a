"""A scene that moves, rendered at any time."""

from types import TracebackType
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ..frame import Frame
from ..rendering.camera import CameraPose
from ..scenes.scene import DEFAULT, Scene, SceneConfig
from .camera_path import CameraPath
from .movements import Placement
from .plan import Planner


class RenderedFrame(NamedTuple):
    """A frame and the camera's pose. A segment id stands for the same segment in the whole sequence."""

    frame: Frame
    pose: CameraPose

    def world_from_camera(self) -> np.ndarray:
        """Return the (4, 4) transform from optical axes (x right, y down, z forward) to the world."""
        transform = np.eye(4)
        transform[:3, :3] = self.pose.rotation()
        transform[:3, 3] = self.pose.position
        return transform


class Sequence:
    """A scene with movements, determined by seed and config; close it, or use it as a context manager.

    A frame depends on its time only, not on the rate or on the frames rendered before.
    """

    def __init__(self, seed: int, seconds: float, config: SceneConfig = DEFAULT) -> None:
        self._scene = Scene(seed, config)
        try:
            rng = np.random.default_rng([seed, 2])
            self._path = CameraPath.random(rng, config)
            self._plan = Planner(self._scene, rng).run(seconds)
            self._first = {thing.segment.id: self._placement(thing.body) for thing in self._scene.things}
            self._poses = {
                thing.segment.id: self._scene.world.pose(thing.body) for thing in self._scene.things
            }
        except BaseException:
            self._scene.close()
            raise

    def __enter__(self) -> "Sequence":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer."""
        self._scene.close()

    def render(self, seconds: float, width: int = 320, height: int = 240) -> RenderedFrame:
        """Render at a time since the start."""
        self._move_objects(seconds)
        pose = self._path.pose(seconds)
        return RenderedFrame(self._scene.render(pose, width, height), pose)

    def moved_segments(self) -> tuple[int, ...]:
        """Return the ids of the objects that move at some time; an arm that moves is not among them."""
        return tuple(self._plan.movements)

    def _move_objects(self, seconds: float) -> None:
        for thing in self._scene.things:
            placement = self._first[thing.segment.id]
            for movement in self._plan.movements.get(thing.segment.id, []):
                if seconds > movement.start:
                    placement = movement.placement(placement, min(seconds, movement.end))
            position, turn = self._poses[thing.segment.id]
            moved = placement.centre + placement.turn.apply(position - self._first[thing.segment.id].centre)
            if thing.segment.id in self._plan.movements:
                self._scene.world.move(thing.body, moved, placement.turn * turn)
        if self._plan.arm:
            carries = [carry for carry in self._plan.carries if seconds > carry.start]
            angles = carries[-1].joints(seconds) if carries else self._plan.arm.resting
            self._plan.arm.set(angles)

    def _placement(self, body: int) -> Placement:
        low, high = self._scene.world.bounds(body)
        return Placement((low + high) / 2, Rotation.identity())
