"""A random room with objects and a camera."""

import math
from types import TracebackType
from typing import NamedTuple

import numpy as np

from ..catalog import FIXED_OBJECTS, STUFF_NAMES
from ..frame import Frame, TrueSegment
from ..rendering.camera import CameraPose, depth_in_metres
from ..rendering.world import World
from .furnish import add_item, add_room
from .layout import Item, Place, Table, find_place, random_item, random_table
from .lighting import Lighting
from .scene_config import DEFAULT, HARDER, SceneConfig
from .views import random_view, robot_view

__all__ = ["DEFAULT", "HARDER", "Scene", "SceneConfig"]

SMALLEST_SEGMENT = 16  # pixels; smaller segments are void


class Thing(NamedTuple):
    """An object of a scene: its segment, its body in the world, and the disc on which it stands."""

    segment: TrueSegment
    item: Item
    body: int
    place: Place


class Scene:
    """A scene determined by seed and config; close it, or use it as a context manager.

    It owns a headless PyBullet client, which must be used by one thread at a time.
    """

    def __init__(self, seed: int, config: SceneConfig = DEFAULT) -> None:
        self.seed = seed
        self.config = config
        rng = np.random.default_rng(seed)
        self._world = World()
        try:
            self._segments = [TrueSegment(i + 1, name, False) for i, name in enumerate(STUFF_NAMES)]
            self._segment_of_body: dict[int, int] = {}
            self._things: list[Thing] = []
            self._table: Table | None = None
            self._room = rng.uniform(2.6, 3.4)  # metres, half the room's width
            self._build(rng)
            self._lighting = Lighting.random(rng, config)
            self._start = rng.uniform(0.0, 2 * math.pi)
        except BaseException:
            self._world.close()
            raise

    def __enter__(self) -> "Scene":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the renderer; the scene cannot be rendered afterwards."""
        self._world.close()

    @property
    def world(self) -> World:
        """The bodies of the scene, to move them."""
        return self._world

    @property
    def things(self) -> tuple[Thing, ...]:
        """The objects, in the order of their segment ids, with the places where they were put first."""
        return tuple(self._things)

    @property
    def table(self) -> Table | None:
        """The table, if there is one."""
        return self._table

    @property
    def room(self) -> float:
        """Half of the room's width in metres."""
        return self._room

    def add(self, item: Item, body: int, place: Place) -> Thing:
        """Make a body of the world an object of the scene, and stand it on its place."""
        self._world.stand(body, place.x, place.y, place.z)
        segment = TrueSegment(len(self._segments) + 1, item.name, True)
        self._segments.append(segment)
        self._segment_of_body[body] = segment.id
        self._things.append(Thing(segment, item, body, place))
        return self._things[-1]

    def camera_at(self, seconds: float) -> CameraPose:
        """Return the camera pose of the moving robot after `seconds`."""
        return robot_view(seconds, self._start)

    def random_camera(self, rng: np.random.Generator) -> CameraPose:
        """Draw a camera pose within the config's ranges that sees several objects."""
        return random_view(rng, self.config, self._places, self._room)

    def render(self, view: CameraPose | float, width: int = 320, height: int = 240) -> Frame:
        """Render from a pose, or from the robot's path at a time in seconds; the result is deterministic.

        Segments of less than 16 visible pixels are void.
        """
        pose = view if isinstance(view, CameraPose) else self.camera_at(view)
        rgb, buffer, bodies = self._world.render(pose, width, height, self._lighting)
        noise = np.random.default_rng([self.seed, pose.fingerprint()])
        segment_ids, segments = self._label(bodies)
        focal = pose.focal_length(height)
        return Frame(
            rgb=self._lighting.expose(rgb, noise),
            depth=depth_in_metres(buffer),
            segment_ids=segment_ids,
            segments=segments,
            fx=focal,
            fy=focal,
            cx=width / 2,
            cy=height / 2 - 1,  # the renderer's optical axis is one pixel above the centre
        )

    @property
    def _places(self) -> list[Place]:
        return [thing.place for thing in self._things]

    def _build(self, rng: np.random.Generator) -> None:
        table = self._table = random_table(rng) if rng.random() < self.config.table_share else None
        for name, body in add_room(self._world, rng, self.config, self._room, table):
            self._segment_of_body[body] = STUFF_NAMES.index(name) + 1
        for _ in range(rng.integers(self.config.things[0], self.config.things[1] + 1)):
            item = random_item(rng, self.config)
            body, radius = add_item(self._world, rng, item, self.config.colour_jitter)
            fixed = FIXED_OBJECTS.get(item.name)
            place = find_place(rng, radius, fixed is None or fixed.on_table, table, self._places)
            if place is None:
                self._world.remove(body)
                continue
            self.add(item, body, place)

    def _label(self, bodies: np.ndarray) -> tuple[np.ndarray, list[TrueSegment]]:
        """Convert body ids (H, W), -1 for none, to segment ids and the visible segments."""
        table = np.zeros(max(self._segment_of_body) + 2, dtype=np.int32)
        for body, segment in self._segment_of_body.items():
            table[body + 1] = segment
        ids = table[bodies + 1]
        pixels = np.bincount(ids.ravel(), minlength=len(self._segments) + 1)
        ids[(pixels < SMALLEST_SEGMENT)[ids]] = 0
        return ids, [segment for segment in self._segments if pixels[segment.id] >= SMALLEST_SEGMENT]
