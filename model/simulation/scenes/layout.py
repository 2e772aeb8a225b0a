"""Random names, poses and sizes of a scene's objects, without collisions."""

import math
from typing import NamedTuple

import numpy as np

from ..catalog import COMPOSITIONS, FIXED_OBJECTS, KEPT_OUT_NAMES, SHAPES, TRAINED_COMPOSITIONS
from .scene_config import SceneConfig

REACH = 0.95  # metres, maximum distance of an object from the room's centre
GAP = 0.03  # metres, minimum distance between objects
TRIES = 60


class Table(NamedTuple):
    """A table with sides parallel to the room's, in metres."""

    x: float
    y: float
    width: float  # along x
    depth: float  # along y
    height: float


class Item(NamedTuple):
    """An object without a place."""

    name: str
    size: float  # metres along the longest side
    yaw: float
    lying: bool


class Place(NamedTuple):
    """A free disc on the floor or on the table."""

    x: float
    y: float
    z: float
    radius: float


def random_table(rng: np.random.Generator) -> Table:
    """Draw a table near the room's centre."""
    x, y = rng.uniform(-0.25, 0.25, 2).tolist()
    long, short = rng.uniform(0.9, 1.3), rng.uniform(0.6, 0.85)
    width, depth = (long, short) if rng.random() < 0.5 else (short, long)
    return Table(x, y, width, depth, rng.uniform(0.2, 0.5))


def random_item(rng: np.random.Generator, config: SceneConfig) -> Item:
    """Draw an object from the catalog; kept-out compositions only if the config includes them."""
    factor = rng.uniform(*config.size_factor)
    yaw = rng.uniform(0.0, 2 * math.pi)
    if rng.random() < config.fixed_share:
        name = str(rng.choice(list(FIXED_OBJECTS)))
        return Item(name, factor * rng.uniform(*FIXED_OBJECTS[name].size), yaw, False)
    kept_out = config.include_kept_out and rng.random() < 1 / 3
    name = str(rng.choice(KEPT_OUT_NAMES if kept_out else TRAINED_COMPOSITIONS))
    lying = bool(rng.random() < config.lying_share)
    return Item(name, factor * rng.uniform(*SHAPES[COMPOSITIONS[name][1]].size), yaw, lying)


def find_place(
    rng: np.random.Generator, radius: float, may_use_table: bool, table: Table | None, taken: list[Place]
) -> Place | None:
    """Find a free disc of the radius (metres), on the table about half of the time; None if there is none."""
    on_table = table is not None and may_use_table and rng.random() < 0.55
    for attempt in range(TRIES):
        if attempt == TRIES // 2:  # the first choice has no space
            on_table = table is not None and may_use_table and not on_table
        place = _on_table(rng, radius, table) if on_table and table else _on_floor(rng, radius, table)
        if place and all(_apart(place, other) for other in taken):
            return place
    return None


def _apart(one: Place, other: Place) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) > one.radius + other.radius + GAP


def _on_table(rng: np.random.Generator, radius: float, table: Table) -> Place | None:
    half_x, half_y = table.width / 2 - radius * 0.8, table.depth / 2 - radius * 0.8
    if half_x <= 0 or half_y <= 0:
        return None
    x, y = rng.uniform(-half_x, half_x), rng.uniform(-half_y, half_y)
    return Place(table.x + x, table.y + y, table.height, radius)


def _on_floor(rng: np.random.Generator, radius: float, table: Table | None) -> Place | None:
    distance, angle = REACH * math.sqrt(rng.random()), rng.uniform(0.0, 2 * math.pi)
    place = Place(distance * math.cos(angle), distance * math.sin(angle), 0.0, radius)
    if table is None:
        return place
    away_x = max(abs(place.x - table.x) - table.width / 2, 0.0)
    away_y = max(abs(place.y - table.y) - table.depth / 2, 0.0)
    return place if math.hypot(away_x, away_y) > radius + GAP else None
