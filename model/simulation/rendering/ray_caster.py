"""Cast rays into a world that stands still: measurements that do not use the renderer and its depth."""

from types import TracebackType
from typing import NamedTuple

import numpy as np

from .bullet import pybullet, pybullet_data
from .world import Part, World

FAR = 20.0  # metres
BATCH = 8192  # rays
OTHERS, CHOSEN = 1, 2  # collision groups
EVERYTHING = -1


class Hits(NamedTuple):
    """What R rays hit first: distance (R,) in metres, infinite for nothing, and body (R,), -1 for none."""

    distance: np.ndarray
    body: np.ndarray


class RayCaster:
    """The visible shapes of a world's bodies as they are now; close it, or use it as a context manager."""

    def __init__(self, world: World) -> None:
        self._client = pybullet.connect(pybullet.DIRECT)
        if self._client < 0:
            raise RuntimeError("PyBullet has no free client in this process; close scenes and ray casters")
        pybullet.setAdditionalSearchPath(pybullet_data.getDataPath(), physicsClientId=self._client)
        # A later mesh may have the name of a former one.
        pybullet.setPhysicsEngineParameter(enableFileCaching=0, physicsClientId=self._client)
        self._body_of_shape = {self._add(part): part.body for part in world.parts()}

    def __enter__(self) -> "RayCaster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect. Further calls do nothing."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1

    def cast(self, origins: np.ndarray, directions: np.ndarray, body: int | None = None) -> Hits:
        """Cast rays from points (R, 3) or (3,) in directions (R, 3); only a given body stops them."""
        if body is not None:
            self._choose(body)
        directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        starts = np.broadcast_to(origins, directions.shape)
        fractions, shapes = [], []
        for i in range(0, len(starts), BATCH):
            hits = pybullet.rayTestBatch(
                starts[i : i + BATCH].tolist(),
                (starts + FAR * directions)[i : i + BATCH].tolist(),
                numThreads=1,
                collisionFilterMask=EVERYTHING if body is None else CHOSEN,
                physicsClientId=self._client,
            )
            shapes += [hit[0] for hit in hits]
            fractions += [hit[2] for hit in hits]
        distance = np.where(np.array(shapes) < 0, np.inf, FAR * np.array(fractions))
        return Hits(distance, np.array([self._body_of_shape.get(shape, -1) for shape in shapes]))

    def surface(self, body: int, lines: int = 64) -> np.ndarray:
        """Return points (P, 3) of a body's outside, seen from six sides through lines x lines rays each."""
        low, high = self._bounds(body)
        steps = np.stack(np.meshgrid(*[np.linspace(0.0, 1.0, lines)] * 2), axis=-1).reshape(-1, 2)
        points = []
        for axis in range(3):
            across = [i for i in range(3) if i != axis]
            for start, sign in ((low, 1.0), (high, -1.0)):
                origins = np.empty((len(steps), 3))
                origins[:, across] = low[across] + steps * (high - low)[across]
                origins[:, axis] = start[axis] - sign
                directions = np.zeros_like(origins)
                directions[:, axis] = sign
                hits = self.cast(origins, directions, body)
                hit = np.isfinite(hits.distance)
                points.append(origins[hit] + hits.distance[hit, None] * directions[hit])
        return np.concatenate(points)

    def _bounds(self, body: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a box (3,), (3,) around a body, along the world's axes and a little too large."""
        shapes = [shape for shape, owner in self._body_of_shape.items() if owner == body]
        boxes = [pybullet.getAABB(shape, -1, physicsClientId=self._client) for shape in shapes]
        return np.min([low for low, _ in boxes], axis=0), np.max([high for _, high in boxes], axis=0)

    def _choose(self, body: int) -> None:
        for shape, owner in self._body_of_shape.items():
            group = CHOSEN if owner == body else OTHERS
            pybullet.setCollisionFilterGroupMask(
                shape, -1, group, OTHERS | CHOSEN, physicsClientId=self._client
            )

    def _add(self, part: Part) -> int:
        sizes = part.sizes
        if part.kind == pybullet.GEOM_MESH:
            shape = pybullet.createCollisionShape(
                pybullet.GEOM_MESH,
                fileName=part.file,
                meshScale=sizes,
                flags=pybullet.GEOM_FORCE_CONCAVE_TRIMESH,
                physicsClientId=self._client,
            )
        elif part.kind == pybullet.GEOM_BOX:
            half = [side / 2 for side in sizes]
            shape = pybullet.createCollisionShape(
                pybullet.GEOM_BOX, halfExtents=half, physicsClientId=self._client
            )
        elif part.kind == pybullet.GEOM_CYLINDER:
            shape = pybullet.createCollisionShape(
                pybullet.GEOM_CYLINDER, height=sizes[0], radius=sizes[1], physicsClientId=self._client
            )
        elif part.kind == pybullet.GEOM_SPHERE:
            shape = pybullet.createCollisionShape(
                pybullet.GEOM_SPHERE, radius=sizes[0], physicsClientId=self._client
            )
        else:
            raise ValueError(f"cannot cast rays at shapes of PyBullet's kind {part.kind}")
        turn = part.turn.as_quat().tolist()
        return pybullet.createMultiBody(
            0, shape, -1, part.position.tolist(), turn, physicsClientId=self._client
        )
