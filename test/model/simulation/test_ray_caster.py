import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from scipy.spatial.transform import Rotation  # noqa: E402

from eovseg_model.simulation.rendering.ray_caster import RayCaster  # noqa: E402
from eovseg_model.simulation.rendering.world import World  # noqa: E402
from eovseg_model.simulation.scenes.scene import Scene  # noqa: E402

WHITE = (1.0, 1.0, 1.0)


@pytest.fixture
def two_boxes():
    """A box of 1 x 2 x 3 m around the origin, and another one of 1 m behind it at x = 5."""
    world = World()
    one = world.add_box((1.0, 2.0, 3.0), WHITE, (0.0, 0.0, 0.0))
    other = world.add_box((1.0, 1.0, 1.0), WHITE, (5.0, 0.0, 0.0))
    with RayCaster(world) as caster:
        yield caster, one, other
    world.close()


def test_the_first_box_is_hit(two_boxes):
    caster, one, other = two_boxes
    directions = np.array([[1.0, 0.0, 0.0], [0.5, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    hits = caster.cast(np.array([-3.0, 0.1, 0.1]), directions)
    assert hits.distance == pytest.approx([2.5, 2.5, np.inf, np.inf])
    assert hits.body.tolist() == [one, one, -1, -1]


def test_only_the_given_body_stops_rays(two_boxes):
    caster, one, other = two_boxes
    ray = np.array([-3.0, 0.1, 0.1]), np.array([[1.0, 0.0, 0.0]])
    for body, distance in [(other, 7.5), (one, 2.5), (None, 2.5)]:
        hits = caster.cast(*ray, body)
        assert hits.distance == pytest.approx([distance])
        assert hits.body.tolist() == [one if body is None else body]


def test_the_surface_reaches_all_sides(two_boxes):
    caster, one, _ = two_boxes
    points = caster.surface(one)
    assert points.min(axis=0) == pytest.approx([-0.5, -1.0, -1.5], abs=0.05)
    assert points.max(axis=0) == pytest.approx([0.5, 1.0, 1.5], abs=0.05)
    on_a_side = np.isclose(np.abs(points), [0.5, 1.0, 1.5], atol=1e-3).any(axis=1)
    assert on_a_side.all()


def test_a_moved_and_turned_box_is_where_it_is_now():
    world = World()
    body = world.add_box((1.0, 1.0, 1.0), WHITE, (0.0, 0.0, 0.0))
    world.move(body, np.array([4.0, 0.0, 0.0]), Rotation.from_euler("z", 45, degrees=True))
    with RayCaster(world) as caster:
        distance = caster.cast(np.zeros(3), np.array([[1.0, 0.0, 0.0]])).distance
    assert distance == pytest.approx([4.0 - np.sqrt(0.5)], abs=1e-3)
    world.close()


@pytest.mark.parametrize("seed", [2_000_001, 2_000_003, 2_000_004])  # models with links: arm, r2d2
def test_rays_hit_what_the_renderer_draws(seed):
    with Scene(seed) as scene:
        pose = scene.random_camera(np.random.default_rng(seed))
        frame = scene.render(pose, 160, 120)
        y, x = (index.ravel() for index in np.mgrid[:120:3, :160:3])
        rays = np.stack([(x - frame.cx) / frame.fx, (y - frame.cy) / frame.fy, np.ones(len(x))], axis=1)
        with RayCaster(scene.world) as caster:
            hits = caster.cast(np.array(pose.position), rays @ pose.rotation().T)
        depth = hits.distance / np.linalg.norm(rays, axis=1)
        bodies = {thing.segment.id: thing.body for thing in scene.things}
        drawn = frame.segment_ids[y, x]
        assert np.quantile(np.abs(depth - frame.depth[y, x]), 0.95) < 0.01
        for number, body in bodies.items():
            if (drawn == number).sum() >= 10:
                assert (hits.body[drawn == number] == body).mean() > 0.9
