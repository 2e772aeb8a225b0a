"""The PyBullet side of a scene: bodies are added, moved and rendered here and nowhere else."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pybullet
import pybullet_data
from PIL import Image
from pybullet_utils.bullet_client import BulletClient
from scipy.spatial.transform import Rotation

from eovseg_model.simulation.camera import FAR, NEAR, CameraPose
from eovseg_model.simulation.catalog import COLOURS, COMPOSITIONS, FIXED_OBJECTS, SHAPES, FixedObject
from eovseg_model.simulation.layout import Item, Place, Table
from eovseg_model.simulation.lighting import Lighting
from eovseg_model.simulation.meshes import Mesh, file_vertices, sheet, shape_mesh
from eovseg_model.simulation.scene_config import SceneConfig
from eovseg_model.simulation.textures import random_pattern

WALL_HEIGHT = 4.5  # metres
LAMP_DISTANCE = 4.0  # metres
FLAT = (0.0, 0.0, 0.0)


class Look(NamedTuple):
    """A surface's texture, its tint and how often the pattern repeats in a metre."""

    texture: int
    rgba: tuple[float, ...]
    repeats: float


class World:
    """One PyBullet client without a window; bodies are known by PyBullet's ids."""

    def __init__(self) -> None:
        self._client = BulletClient(connection_mode=pybullet.DIRECT)
        self._client.setAdditionalSearchPath(pybullet_data.getDataPath())
        self._vertices: dict[int, np.ndarray] = {}  # of the bodies without links, in the body's own axes

    def close(self) -> None:
        """Disconnect; calling it again does nothing."""
        if self._client.isConnected():
            self._client.disconnect()

    def add_room(
        self, rng: np.random.Generator, config: SceneConfig, half: float, table: Table | None, folder: Path
    ) -> list[tuple[str, int]]:
        """Add floor, four walls and the table, and return their names and bodies; `folder` takes texture files."""
        floor = self._pattern(rng, config, folder / "floor.png")
        named = [("floor", self._sheet(2 * half, 2 * half, FLAT, Rotation.identity(), floor))]
        wall = self._pattern(rng, config, folder / "wall.png")
        for quarter in range(4):
            turn = Rotation.from_euler("yz", [math.pi / 2, quarter * math.pi / 2])
            middle = (*turn.apply([0.0, 0.0, -half])[:2], WALL_HEIGHT / 2)
            named.append(("wall", self._sheet(WALL_HEIGHT, 2 * half, middle, turn, wall)))
        if table is not None:
            look = self._pattern(rng, config, folder / "table.png")
            named += [("table", body) for body in self._table(table, look)]
        return named

    def add_item(self, rng: np.random.Generator, item: Item, colour_jitter: float) -> tuple[int, float]:
        """Add a thing and return its body and the radius in metres of its disc on the floor."""
        if item.name in FIXED_OBJECTS:
            fixed = FIXED_OBJECTS[item.name]
            body = self._model(rng, fixed, item) if fixed.path.endswith(".urdf") else self._mesh_file(fixed, item)
        else:
            colour, shape = COMPOSITIONS[item.name]
            rgb = np.clip(np.add(COLOURS[colour], rng.uniform(-colour_jitter, colour_jitter, 3)), 0.0, 1.0)
            turn = Rotation.from_euler("z", item.yaw)
            if item.lying:  # turned about its own axis first, so that a handle points anywhere
                spin = rng.uniform(0.0, 360.0)
                turn = turn * Rotation.from_euler("zx", [spin, SHAPES[shape].lying], degrees=True)
            body = self._mesh(shape_mesh(shape), item.size, (*rgb, 1.0), turn)
        low, high = self._bounds(body)
        return body, math.hypot(*(high - low)[:2]) / 2 * 0.9

    def move(self, body: int, place: Place) -> None:
        """Stand a body on a place."""
        low, high = self._bounds(body)
        shift = np.array([place.x, place.y, place.z]) - [*(low + high)[:2] / 2, low[2]]
        position, turn = self._client.getBasePositionAndOrientation(body)
        self._client.resetBasePositionAndOrientation(body, (np.array(position) + shift).tolist(), turn)

    def remove(self, body: int) -> None:
        """Take a body out again."""
        self._client.removeBody(body)

    def render(
        self, pose: CameraPose, width: int, height: int, light: Lighting
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(H, W, 3) uint8 colours, (H, W) OpenGL depth buffer, (H, W) body ids with -1 for none."""
        up = -pose.rotation()[:, 1]
        *_, rgba, depth, bodies = self._client.getCameraImage(
            width,
            height,
            self._client.computeViewMatrix(pose.position, pose.target, up.tolist()),
            self._client.computeProjectionMatrixFOV(pose.field_of_view, width / height, NEAR, FAR),
            lightDirection=light.direction,
            lightColor=light.colour,
            lightDistance=LAMP_DISTANCE,
            shadow=int(light.shadow),
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=light.specular,
            renderer=pybullet.ER_TINY_RENDERER,
        )
        shape = (height, width)
        rgb = np.asarray(rgba, dtype=np.uint8).reshape(*shape, 4)[:, :, :3]
        return rgb, np.reshape(depth, shape), np.reshape(bodies, shape)

    def _bounds(self, body: int) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner (3,) of a body where it stands."""
        if body in self._vertices:
            position, turn = self._client.getBasePositionAndOrientation(body)
            corners = Rotation.from_quat(turn).apply(self._vertices[body]) + position
            return corners.min(axis=0), corners.max(axis=0)
        boxes = [self._client.getAABB(body, link) for link in range(-1, self._client.getNumJoints(body))]
        return np.min([low for low, _ in boxes], axis=0), np.max([high for _, high in boxes], axis=0)

    def _model(self, rng: np.random.Generator, fixed: FixedObject, item: Item) -> int:
        """A model with links, its joints a little bent where they have limits."""
        turn = Rotation.from_euler("z", item.yaw).as_quat().tolist()
        scale = item.size / fixed.length
        body = self._client.loadURDF(fixed.path, FLAT, turn, useFixedBase=True, globalScaling=scale)
        for joint in range(self._client.getNumJoints(body)):
            info = self._client.getJointInfo(body, joint)
            low, high = info[8], info[9]
            if info[2] == pybullet.JOINT_REVOLUTE and low < high:
                self._client.resetJointState(body, joint, rng.uniform(0.45 * low, 0.45 * high))
        return body

    def _mesh_file(self, fixed: FixedObject, item: Item) -> int:
        scale = item.size / fixed.length
        rgba = (*fixed.colour, 1.0) if fixed.colour else (1.0, 1.0, 1.0, 1.0)
        turn = Rotation.from_euler("z", item.yaw) * Rotation.from_euler("xyz", fixed.upright)
        shape = self._client.createVisualShape(
            pybullet.GEOM_MESH, fileName=fixed.path, meshScale=[scale] * 3, rgbaColor=rgba
        )
        body = self._client.createMultiBody(0, -1, shape, FLAT, turn.as_quat().tolist())
        self._vertices[body] = file_vertices(f"{pybullet_data.getDataPath()}/{fixed.path}") * scale
        return body

    def _mesh(
        self,
        mesh: Mesh,
        scale: float,
        rgba: tuple[float, ...],
        turn: Rotation,
        position: tuple[float, float, float] = FLAT,
        coordinates: np.ndarray | None = None,
    ) -> int:
        uvs = np.zeros((len(mesh.vertices), 2)) if coordinates is None else coordinates
        shape = self._client.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=mesh.vertices.tolist(),
            indices=mesh.triangles.ravel().tolist(),
            normals=mesh.normals.tolist(),
            uvs=uvs.tolist(),
            meshScale=[scale] * 3,
            rgbaColor=rgba,
        )
        body = self._client.createMultiBody(0, -1, shape, position, turn.as_quat().tolist())
        self._vertices[body] = mesh.vertices * scale
        return body

    def _pattern(self, rng: np.random.Generator, config: SceneConfig, file: Path) -> Look:
        """A random pattern in a random pale colour."""
        Image.fromarray(random_pattern(rng, rng.uniform(*config.texture_contrast))).save(file, compress_level=1)
        tint = 1.0 - rng.uniform(*config.surface_saturation) * rng.dirichlet((0.6, 0.6, 0.6))
        rgba = (*(tint * rng.uniform(*config.surface_brightness)), 1.0)
        return Look(self._client.loadTexture(str(file)), rgba, rng.uniform(0.7, 2.0))

    def _sheet(
        self, width: float, height: float, middle: tuple[float, float, float], turn: Rotation, look: Look
    ) -> int:
        mesh, coordinates = sheet(width, height, 6, look.repeats)
        body = self._mesh(mesh, 1.0, look.rgba, turn, middle, coordinates)
        self._client.changeVisualShape(body, -1, textureUniqueId=look.texture)
        return body

    def _table(self, table: Table, look: Look) -> list[int]:
        """A top of 4 cm with a border, and four legs."""
        middle = (table.x, table.y, table.height)
        bodies = [self._sheet(table.width, table.depth, middle, Rotation.identity(), look)]
        dark = (*(0.75 * np.array(look.rgba[:3])), 1.0)
        parts = [(0.0, 0.0, table.height - 0.021, table.width, table.depth, 0.04)]
        for side_x in (-1, 1):
            for side_y in (-1, 1):
                x, y = side_x * (table.width / 2 - 0.05), side_y * (table.depth / 2 - 0.05)
                parts.append((x, y, (table.height - 0.04) / 2, 0.06, 0.06, table.height - 0.04))
        for x, y, z, *sides in parts:
            shape = self._client.createVisualShape(
                pybullet.GEOM_BOX, halfExtents=[side / 2 for side in sides], rgbaColor=dark
            )
            bodies.append(self._client.createMultiBody(0, -1, shape, (table.x + x, table.y + y, z)))
        return bodies
