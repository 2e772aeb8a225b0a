"""Wrapper of PyBullet: add, move and render bodies."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from ..scenes.lighting import Lighting
from .bullet import pybullet, pybullet_data
from .camera import FAR, NEAR, CameraPose
from .meshes import Mesh, as_obj, file_vertices
from .models import complete_urdf

LAMP_DISTANCE = 4.0  # metres
ORIGIN = (0.0, 0.0, 0.0)

Point = tuple[float, float, float]
Colour = tuple[float, float, float]


class Part(NamedTuple):
    """A visible shape of a body: its kind (pybullet.GEOM_*), file, sizes and pose in the world."""

    body: int
    kind: int
    file: str  # of a mesh
    sizes: tuple[float, ...]  # scale of a mesh, sides of a box, length and radius of a cylinder, radius
    position: np.ndarray
    turn: Rotation


class World:
    """A headless PyBullet client; bodies and textures are identified by PyBullet's ids."""

    def __init__(self) -> None:
        self._client = pybullet.connect(pybullet.DIRECT)
        if self._client < 0:
            raise RuntimeError(
                "PyBullet has no free client in this process; close scenes that are no longer used"
            )
        pybullet.setAdditionalSearchPath(pybullet_data.getDataPath(), physicsClientId=self._client)
        self._files = tempfile.TemporaryDirectory(prefix="eovseg_simulation_")
        self._vertices: dict[int, np.ndarray] = {}  # (V, 3) of bodies without links, in body coordinates

    def close(self) -> None:
        """Disconnect. Further calls do nothing."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1
            self._files.cleanup()

    def add_texture(self, pixels: np.ndarray) -> int:
        """Add a texture from (H, W, 3) uint8; return its id."""
        with tempfile.NamedTemporaryFile(dir=self._files.name, suffix=".png", delete=False) as file:
            Image.fromarray(pixels).save(file, format="png", compress_level=1)
        return pybullet.loadTexture(file.name, physicsClientId=self._client)

    def add_mesh(
        self, mesh: Mesh, scale: float, rgb: Colour, turn: Rotation, position: Point = ORIGIN
    ) -> int:
        """Add a body of one colour; return its id."""
        # Use a file, because PyBullet never frees vertices that are passed directly.
        with tempfile.NamedTemporaryFile("w", dir=self._files.name, suffix=".obj", delete=False) as file:
            file.write(as_obj(mesh))
        self._remember_files(False)
        return self._add_visual(file.name, mesh.vertices, scale, rgb, turn, position)

    def add_box(self, sides: Point, rgb: Colour, middle: Point) -> int:
        """Add a box of one colour, with sides in metres; return its id."""
        shape = pybullet.createVisualShape(
            pybullet.GEOM_BOX,
            halfExtents=[side / 2 for side in sides],
            rgbaColor=(*rgb, 1.0),
            physicsClientId=self._client,
        )
        return self._add_body(shape, Rotation.identity(), middle)

    def add_file(self, path: str, scale: float, rgb: Colour, turn: Rotation) -> int:
        """Add an OBJ mesh below pybullet_data, with its texture if it has one; return its id."""
        self._remember_files(True)
        vertices = file_vertices(f"{pybullet_data.getDataPath()}/{path}")
        return self._add_visual(path, vertices, scale, rgb, turn, ORIGIN)

    def add_model(self, path: str, scale: float, turn: Rotation) -> int:
        """Add a URDF model below pybullet_data; return its id."""
        file = Path(self._files.name) / path.replace("/", "_")  # PyBullet caches files by name
        file.write_text(complete_urdf(path), encoding="utf-8")
        self._remember_files(True)
        return pybullet.loadURDF(
            str(file),
            ORIGIN,
            turn.as_quat().tolist(),
            useFixedBase=True,
            globalScaling=scale,
            physicsClientId=self._client,
        )

    def bend(self, body: int, rng: np.random.Generator, share: float) -> None:
        """Turn revolute joints with limits to random angles within the given share of their range."""
        for joint in range(pybullet.getNumJoints(body, physicsClientId=self._client)):
            info = pybullet.getJointInfo(body, joint, physicsClientId=self._client)
            kind, low, high = info[2], info[8], info[9]
            if kind == pybullet.JOINT_REVOLUTE and low < high:
                angle = rng.uniform(share * low, share * high)
                pybullet.resetJointState(body, joint, angle, physicsClientId=self._client)

    def paint(self, body: int, texture: int) -> None:
        """Apply a texture to a body; the body's colour tints it."""
        pybullet.changeVisualShape(body, -1, textureUniqueId=texture, physicsClientId=self._client)

    def remove(self, body: int) -> None:
        """Remove a body."""
        pybullet.removeBody(body, physicsClientId=self._client)
        self._vertices.pop(body, None)

    def bounds(self, body: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the minimum and maximum corner of a body in the world, (3,) metres each."""
        if body in self._vertices:
            position, turn = pybullet.getBasePositionAndOrientation(body, physicsClientId=self._client)
            corners = Rotation.from_quat(turn).apply(self._vertices[body]) + position
            return corners.min(axis=0), corners.max(axis=0)
        links = range(-1, pybullet.getNumJoints(body, physicsClientId=self._client))
        boxes = [pybullet.getAABB(body, link, physicsClientId=self._client) for link in links]
        return np.min([low for low, _ in boxes], axis=0), np.max([high for _, high in boxes], axis=0)

    def stand(self, body: int, x: float, y: float, z: float) -> None:
        """Move a body so that the centre of its bottom is at the point (metres)."""
        low, high = self.bounds(body)
        shift = np.array([x, y, z]) - [*(low + high)[:2] / 2, low[2]]
        position, turn = pybullet.getBasePositionAndOrientation(body, physicsClientId=self._client)
        moved = (np.array(position) + shift).tolist()
        pybullet.resetBasePositionAndOrientation(body, moved, turn, physicsClientId=self._client)

    def pose(self, body: int) -> tuple[np.ndarray, Rotation]:
        """Return a body's position (3,) in metres and its rotation."""
        position, turn = pybullet.getBasePositionAndOrientation(body, physicsClientId=self._client)
        return np.array(position), Rotation.from_quat(turn)

    def move(self, body: int, position: np.ndarray, turn: Rotation) -> None:
        """Set a body's position (3,) in metres and its rotation."""
        pybullet.resetBasePositionAndOrientation(
            body, position.tolist(), turn.as_quat().tolist(), physicsClientId=self._client
        )

    def set_joints(self, body: int, angles: np.ndarray) -> None:
        """Set the first joints of a model to angles (J,) in radians."""
        for joint, angle in enumerate(angles.tolist()):
            pybullet.resetJointState(body, joint, angle, physicsClientId=self._client)

    def reach(self, body: int, link: int, point: np.ndarray, turn: Rotation) -> np.ndarray:
        """Return the joint angles (J,) that bring a link close to a point (3,) in metres with a rotation.

        The search starts at the present angles, which do not change.
        """
        angles = pybullet.calculateInverseKinematics(
            body,
            link,
            point.tolist(),
            turn.as_quat().tolist(),
            maxNumIterations=300,
            residualThreshold=1e-5,
            physicsClientId=self._client,
        )
        return np.array(angles)

    def link_pose(self, body: int, link: int) -> tuple[np.ndarray, Rotation]:
        """Return the position (3,) in metres and the rotation of a link's frame."""
        state = pybullet.getLinkState(body, link, computeForwardKinematics=True, physicsClientId=self._client)
        return np.array(state[4]), Rotation.from_quat(state[5])

    def parts(self) -> Iterator[Part]:
        """Yield the visible shapes of all bodies, where they are now."""
        for i in range(pybullet.getNumBodies(physicsClientId=self._client)):
            body = pybullet.getBodyUniqueId(i, physicsClientId=self._client)
            for _, link, kind, sizes, file, shift, tilt, *_ in pybullet.getVisualShapeData(
                body, physicsClientId=self._client
            ):
                position, turn = self._frame(body, link)
                yield Part(
                    body,
                    kind,
                    file.decode(),
                    sizes,
                    position + turn.apply(shift),
                    turn * Rotation.from_quat(tilt),
                )

    def render(
        self, pose: CameraPose, width: int, height: int, light: Lighting
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return colours (H, W, 3) uint8, OpenGL depth buffer (H, W) and body ids (H, W), -1 for none."""
        up = -pose.rotation()[:, 1]
        *_, rgba, depth, bodies = pybullet.getCameraImage(
            width,
            height,
            pybullet.computeViewMatrix(pose.position, pose.target, up.tolist()),
            pybullet.computeProjectionMatrixFOV(pose.field_of_view, width / height, NEAR, FAR),
            lightDirection=light.direction,
            lightColor=light.colour,
            lightDistance=LAMP_DISTANCE,
            shadow=int(light.shadow),
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=light.specular,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )
        shape = (height, width)
        rgb = np.asarray(rgba, dtype=np.uint8).reshape(*shape, 4)[:, :, :3]
        return rgb, np.reshape(depth, shape), np.reshape(bodies, shape)

    def _frame(self, body: int, link: int) -> tuple[np.ndarray, Rotation]:
        """Return the position (3,) and the rotation of a link's frame, or of the base's for -1."""
        if link >= 0:
            return self.link_pose(body, link)
        centre, turn = self.pose(body)
        info = pybullet.getDynamicsInfo(body, -1, physicsClientId=self._client)
        turn = turn * Rotation.from_quat(info[4]).inv()  # a pose is that of the centre of mass
        return centre - turn.apply(info[3]), turn

    def _remember_files(self, yes: bool) -> None:
        """Set whether PyBullet caches loaded files until the process ends; only pybullet_data should be."""
        pybullet.setPhysicsEngineParameter(enableFileCaching=int(yes), physicsClientId=self._client)

    def _add_visual(
        self, file: str, vertices: np.ndarray, scale: float, rgb: Colour, turn: Rotation, position: Point
    ) -> int:
        shape = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            fileName=file,
            meshScale=[scale] * 3,
            rgbaColor=(*rgb, 1.0),
            physicsClientId=self._client,
        )
        body = self._add_body(shape, turn, position)
        self._vertices[body] = vertices * scale
        return body

    def _add_body(self, shape: int, turn: Rotation, position: Point) -> int:
        return pybullet.createMultiBody(
            0, -1, shape, position, turn.as_quat().tolist(), physicsClientId=self._client
        )
