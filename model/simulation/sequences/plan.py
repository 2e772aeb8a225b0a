"""Random movements of a scene's objects, without collisions."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from ..catalog import FIXED_OBJECTS
from ..scenes.layout import Item, Place
from ..scenes.scene import Scene, Thing
from .arm import Arm, Carry, carry
from .free_space import FreeSpace
from .movements import Drive, Movement, Placement, Push

ARM_SHARE = 0.6  # of the sequences have an arm that moves, if there is space for one
ARM_RADIUS = 0.13  # metres, of the disc that its foot covers
ARM_REACH = 0.7  # metres, maximum distance of its foot from the room's centre
VEHICLES = ("wheeled robot", "toy car", "r2d2 robot")
TRIES = 30
STEPS = 12  # of a path that is checked for collisions


@dataclass
class Plan:
    """The movements of every object, by segment id and in the order of time; the arm, if there is one."""

    movements: dict[int, list[Movement]] = field(default_factory=dict)
    carries: list[Carry] = field(default_factory=list)
    arm: Arm | None = None


class Planner:
    """Draws movements one after the other; the objects' placements are those after the last one."""

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self._scene = scene
        self._rng = rng
        self._space = FreeSpace(scene.table, {t.segment.id: t.place for t in scene.things})
        self._tops = {t.segment.id: _height(scene, t) for t in scene.things}
        self._turned = dict.fromkeys(self._tops, 0.0)
        self._movable = [t for t in scene.things if t.item.name != "robot arm"]
        self.plan = Plan()

    def run(self, seconds: float) -> Plan:
        """Return movements for the given time; a longer time only adds movements."""
        if self._rng.random() < ARM_SHARE:
            self._add_arm()
        now = self._rng.uniform(0.1, 0.6)
        arm_is_free = 0.0
        while now < seconds and self._movable:
            if self.plan.arm and now >= arm_is_free and self._carry(now):
                arm_is_free = self.plan.carries[-1].end
            else:
                self._push_or_drive(now)
            now += self._rng.uniform(0.5, 1.4)
        return self.plan

    def _push_or_drive(self, now: float) -> None:
        thing = self._movable[int(self._rng.integers(len(self._movable)))]
        if any(movement.end > now for movement in self.plan.movements.get(thing.segment.id, [])):
            return
        for _ in range(TRIES):
            movement = self._drive(thing, now) if thing.item.name in VEHICLES else self._push(thing, now)
            place = self._space.places[thing.segment.id]
            before = Placement(np.array([place.x, place.y, place.z]), Rotation.identity())
            times = np.linspace(movement.start, movement.end, STEPS)
            centres = [movement.placement(before, float(time)).centre for time in times]
            path = [place._replace(x=float(x), y=float(y)) for x, y, _ in centres]
            if self._space.allows(thing.segment.id, path[1:], now):
                self._add(thing, movement, path)
                return

    def _push(self, thing: Thing, now: float) -> Push:
        rng = self._rng
        angle, length = rng.uniform(0.0, 2 * math.pi), rng.uniform(0.15, 0.7)
        rolls = thing.item.name.endswith("ball")
        height = self._tops[thing.segment.id] - thing.place.z
        return Push(
            now,
            now + rng.uniform(0.7, 1.0) + 1.2 * length,
            (length * math.cos(angle), length * math.sin(angle)),
            rng.uniform(-1.2, 1.2),
            height / 2 if rolls else 0.0,
        )

    def _drive(self, thing: Thing, now: float) -> Drive:
        rng = self._rng
        length = rng.uniform(0.25, 1.2) * rng.choice([-1.0, 1.0])
        heading = thing.item.yaw + self._turned[thing.segment.id]
        end = now + 0.6 + abs(length) / rng.uniform(0.3, 0.6)
        return Drive(now, end, heading, length, rng.uniform(-1.5, 1.5))

    def _carry(self, now: float) -> bool:
        arm, rng = self.plan.arm, self._rng
        assert arm is not None
        for i in rng.permutation(len(self._movable)):
            thing = self._movable[int(i)]
            place = self._space.places[thing.segment.id]
            busy = any(m.end > now for m in self.plan.movements.get(thing.segment.id, []))
            if busy or place.z != arm.base[2] or thing.item.name in VEHICLES:
                continue
            for _ in range(12):
                if self._carry_thing(thing, place, now):
                    return True
        return False

    def _carry_thing(self, thing: Thing, place: Place, now: float) -> bool:
        arm, rng = self.plan.arm, self._rng
        assert arm is not None
        offset = np.array([place.x, place.y]) - arm.base[:2]
        angle = rng.uniform(0.4, 2.6) * rng.choice([-1.0, 1.0])
        scale = rng.uniform(0.8, 1.2)
        x, y = arm.base[:2] + scale * Rotation.from_euler("z", angle).as_matrix()[:2, :2] @ offset
        target = place._replace(x=float(x), y=float(y))
        top = np.array([place.x, place.y, self._tops[thing.segment.id]])
        shift = np.array([target.x - place.x, target.y - place.y, 0.0])
        lift = rng.uniform(0.12, 0.25)
        if not self._space.allows(thing.segment.id, [target], now):
            return False
        path = [
            _turned(place, arm.base, angle * i / STEPS, 1 + (scale - 1) * i / STEPS) for i in range(STEPS)
        ]
        if not self._passes_over(thing, [*path, target], lift):
            return False
        movement = carry(arm, now, top, shift, lift)
        if movement is None:
            return False
        self.plan.carries.append(movement)
        self._add(thing, movement, [*path, target])
        return True

    def _passes_over(self, thing: Thing, path: list[Place], lift: float) -> bool:
        """Return whether a lifted object stays above or beside all others."""
        for other, place in self._space.places.items():
            near = [math.hypot(p.x - place.x, p.y - place.y) < p.radius + place.radius for p in path]
            foot = self._is_arm(other)
            if other != thing.segment.id and any(near) and (foot or self._tops[other] > path[0].z + lift):
                return False
        return True

    def _is_arm(self, segment: int) -> bool:
        return segment not in {t.segment.id for t in self._movable}

    def _add(self, thing: Thing, movement: Movement, path: list[Place]) -> None:
        self.plan.movements.setdefault(thing.segment.id, []).append(movement)
        self._space.move(thing.segment.id, path, movement.end)
        if isinstance(movement, Drive):
            self._turned[thing.segment.id] += movement.curvature * movement.length

    def _add_arm(self) -> None:
        """Add an arm beside an object that it can lift, on the same surface."""
        rng, world = self._rng, self._scene.world
        model = FIXED_OBJECTS["robot arm"]
        for i in rng.permutation(len(self._movable)):
            thing = self._movable[int(i)]
            if thing.item.name in VEHICLES or self._tops[thing.segment.id] - thing.place.z > 0.45:
                continue
            on_table = thing.place.z > 0
            size = rng.uniform(0.8, 0.9) if on_table else rng.uniform(0.95, 1.1)
            scale = size / model.length
            for _ in range(TRIES):
                angle, distance = rng.uniform(0.0, 2 * math.pi), rng.uniform(0.45, 0.7) * scale
                x, y = thing.place.x + distance * math.cos(angle), thing.place.y + distance * math.sin(angle)
                place = Place(x, y, thing.place.z, ARM_RADIUS)
                if math.hypot(x, y) > ARM_REACH or not self._space.allows(0, [place], 0.0):
                    continue
                body = world.add_model(model.path, scale, Rotation.identity())
                added = self._scene.add(Item("robot arm", size, 0.0, False), body, place)
                base = np.array([place.x, place.y, place.z])
                self.plan.arm = Arm(world, body, base, scale, angle + math.pi)
                self._space.places[added.segment.id] = place
                self._tops[added.segment.id] = _height(self._scene, added)
                return


def _height(scene: Scene, thing: Thing) -> float:
    return float(scene.world.bounds(thing.body)[1][2])


def _turned(place: Place, base: np.ndarray, angle: float, scale: float) -> Place:
    offset = scale * np.array([place.x - base[0], place.y - base[1]])
    x, y = base[:2] + Rotation.from_euler("z", angle).as_matrix()[:2, :2] @ offset
    return place._replace(x=float(x), y=float(y))
