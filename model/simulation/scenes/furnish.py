"""Add the room, its table and catalog objects to a world."""

import math
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ..catalog import COLOURS, COMPOSITIONS, FIXED_OBJECTS, SHAPES
from ..rendering.meshes import shape_mesh, sheet
from ..rendering.textures import random_pattern
from ..rendering.world import Colour, Point, World
from .layout import Item, Table
from .scene_config import SceneConfig

WALL_HEIGHT = 4.5  # metres
BOARD = 0.04  # metres, thickness of a table top
LEG = 0.06  # metres, side of a table leg
BENT = 0.45  # share of a joint's range that is used


class Look(NamedTuple):
    """A surface's texture, its tint and its repeats per metre."""

    texture: int
    rgb: Colour
    repeats: float


def add_room(
    world: World, rng: np.random.Generator, config: SceneConfig, half: float, table: Table | None
) -> list[tuple[str, int]]:
    """Add floor, four walls `half` metres from the centre, and the table; return their names and bodies."""
    floor = _random_look(world, rng, config)
    named = [("floor", _add_sheet(world, 2 * half, 2 * half, (0.0, 0.0, 0.0), Rotation.identity(), floor))]
    wall = _random_look(world, rng, config)
    for quarter in range(4):
        turn = Rotation.from_euler("yz", [math.pi / 2, quarter * math.pi / 2])
        x, y, _ = turn.apply([0.0, 0.0, -half])
        named.append(("wall", _add_sheet(world, WALL_HEIGHT, 2 * half, (x, y, WALL_HEIGHT / 2), turn, wall)))
    if table is not None:
        look = _random_look(world, rng, config)
        named += [("table", body) for body in _add_table(world, table, look)]
    return named


def add_item(world: World, rng: np.random.Generator, item: Item, colour_jitter: float) -> tuple[int, float]:
    """Add an object; return its body and the radius in metres of the disc that it covers."""
    if item.name in FIXED_OBJECTS:
        body = _add_fixed(world, rng, item)
    else:
        body = _add_shape(world, rng, item, colour_jitter)
    low, high = world.bounds(body)
    return body, math.hypot(*(high - low)[:2]) / 2 * 0.9  # few objects fill the corners of their bounding box


def _add_shape(world: World, rng: np.random.Generator, item: Item, colour_jitter: float) -> int:
    colour, shape = COMPOSITIONS[item.name]
    jitter = rng.uniform(-colour_jitter, colour_jitter, 3)
    red, green, blue = np.clip(COLOURS[colour] + jitter, 0.0, 1.0)
    turn = Rotation.from_euler("z", item.yaw)
    if item.lying:  # rotate about its own axis first, so that a handle points in any direction
        spin = rng.uniform(0.0, 360.0)
        turn = turn * Rotation.from_euler("zx", [spin, SHAPES[shape].lying], degrees=True)
    return world.add_mesh(shape_mesh(shape), item.size, (red, green, blue), turn)


def _add_fixed(world: World, rng: np.random.Generator, item: Item) -> int:
    fixed = FIXED_OBJECTS[item.name]
    turn = Rotation.from_euler("z", item.yaw) * Rotation.from_euler("xyz", fixed.upright)
    scale = item.size / fixed.length
    if fixed.path.endswith(".urdf"):
        body = world.add_model(fixed.path, scale, turn)
        world.bend(body, rng, BENT)
        return body
    return world.add_file(fixed.path, scale, fixed.colour or (1.0, 1.0, 1.0), turn)


def _random_look(world: World, rng: np.random.Generator, config: SceneConfig) -> Look:
    """Return a random pattern in a random colour."""
    texture = world.add_texture(random_pattern(rng, rng.uniform(*config.texture_contrast)))
    tint = 1.0 - rng.uniform(*config.surface_saturation) * rng.dirichlet((0.6, 0.6, 0.6))
    red, green, blue = tint * rng.uniform(*config.surface_brightness)
    return Look(texture, (red, green, blue), rng.uniform(0.7, 2.0))


def _add_sheet(world: World, width: float, height: float, middle: Point, turn: Rotation, look: Look) -> int:
    body = world.add_mesh(sheet(width, height, 6, look.repeats), 1.0, look.rgb, turn, middle)
    world.paint(body, look.texture)
    return body


def _add_table(world: World, table: Table, look: Look) -> list[int]:
    """Add a textured top, a darker board below it and four legs; return their bodies."""
    middle = (table.x, table.y, table.height)
    bodies = [_add_sheet(world, table.width, table.depth, middle, Rotation.identity(), look)]
    red, green, blue = (0.75 * value for value in look.rgb)
    parts = [(0.0, 0.0, table.height - BOARD / 2 - 0.001, (table.width, table.depth, BOARD))]
    leg = table.height - BOARD
    for side_x in (-1, 1):
        for side_y in (-1, 1):
            x, y = side_x * (table.width / 2 - 0.05), side_y * (table.depth / 2 - 0.05)
            parts.append((x, y, leg / 2, (LEG, LEG, leg)))
    for x, y, z, sides in parts:
        bodies.append(world.add_box(sides, (red, green, blue), (table.x + x, table.y + y, z)))
    return bodies
