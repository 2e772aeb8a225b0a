import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.simulation.rendering.camera import FAR, NEAR, CameraPose, depth_in_metres  # noqa: E402
from eovseg_model.simulation.scenes.scene import HARDER, Scene, SceneConfig  # noqa: E402

EMPTY = SceneConfig(things=(0, 0), table_share=0.0)


def test_depth_buffer_ends_at_the_near_and_the_far_plane():
    assert depth_in_metres(np.array([0.0, 1.0])) == pytest.approx([NEAR, FAR])


def test_depth_buffer_between_them():
    # 1 / depth is linear in the buffer: 1/0.05 at 0, 1/12 at 1, so (20 + 1/12) / 2 at one half.
    assert depth_in_metres(np.array([0.5]))[0] == pytest.approx(2 / (20 + 1 / 12))


def test_rotation_looks_along_z_with_y_down():
    pose = CameraPose((1.0, 0.0, 1.0), (3.0, 0.0, 1.0))
    assert pose.rotation() == pytest.approx(np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]]))


def test_roll_turns_the_picture_about_the_line_of_sight():
    straight = CameraPose((1.0, 0.0, 1.0), (3.0, 0.0, 1.0)).rotation()
    rolled = CameraPose((1.0, 0.0, 1.0), (3.0, 0.0, 1.0), roll=90.0).rotation()
    assert rolled[:, 2] == pytest.approx(straight[:, 2])
    assert rolled[:, 0] == pytest.approx(straight[:, 1])


def test_focal_length():
    assert CameraPose((0, 0, 1), (1, 0, 1), 0.0, 90.0).focal_length(240) == pytest.approx(120.0)


def test_depth_of_the_floor_is_that_of_its_plane():
    """Ray by ray: from height h, a ray with direction d (1 ahead) meets z = 0 at h / -d_z ahead."""
    with Scene(3, EMPTY) as scene:
        pose = scene.camera_at(1.0)._replace(roll=12.0)
        frame = scene.render(pose, width=160, height=120)
    rows, columns = np.nonzero(frame.segment_ids == 1)
    ahead = [(columns - frame.cx) / frame.fx, (rows - frame.cy) / frame.fy, np.ones(len(rows))]
    directions = np.stack(ahead, axis=1) @ pose.rotation().T
    expected = pose.position[2] / -directions[:, 2]
    assert len(rows) > 5000
    assert frame.depth[rows, columns] == pytest.approx(expected, rel=1e-4)


def test_depth_straight_down():
    pose = CameraPose((0.0, 0.001, 1.5), (0.0, 0.0, 0.0))
    with Scene(3, EMPTY) as scene:
        frame = scene.render(pose, width=32, height=24)
    assert frame.depth == pytest.approx(np.full((24, 32), 1.5), abs=0.005)


def test_the_robots_view_moves_smoothly():
    with Scene(0) as scene:
        poses = [scene.camera_at(i / 10) for i in range(600)]
    positions = np.array([pose.position for pose in poses])
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    assert steps.max() < 0.04  # metres in a tenth of a second
    assert steps.min() > 0.005


@pytest.mark.parametrize("config", [SceneConfig(), HARDER], ids=["default", "harder"])
def test_random_views_see_things_and_stay_in_the_room(config):
    for seed in range(5):
        with Scene(seed, config) as scene:
            rng = np.random.default_rng(seed)
            for _ in range(4):
                pose = scene.random_camera(rng)
                assert max(abs(pose.position[0]), abs(pose.position[1])) < scene._room
                frame = scene.render(pose, width=80, height=60)
                assert any(segment.is_thing for segment in frame.segments)
                assert (frame.segment_ids == 0).mean() < 0.02


def test_poses_that_differ_by_rounding_give_the_same_noise():
    pose = CameraPose((1.0, -0.0, 1.0), (0.3, 0.1, 0.2))
    moved = pose._replace(position=(1.0 + 1e-12, 0.0, 1.0))
    assert pose.fingerprint() == moved.fingerprint()
    assert pose.fingerprint() != pose._replace(roll=1.0).fingerprint()
