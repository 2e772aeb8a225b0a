import numpy as np
import pytest

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.simulation.catalog import FIXED_OBJECTS, KEPT_OUT_NAMES, STUFF_NAMES, TRAINED_COMPOSITIONS
from eovseg_model.simulation.scenes.scene import DEFAULT, HARDER, Scene, SceneConfig  # noqa: E402

SMALL = {"width": 80, "height": 60}


def things(scene):
    """Labels of everything that stands in a scene, seen or not."""
    return [segment.label for segment in scene._segments if segment.is_thing]


def views(scene, seed, count=2):
    rng = np.random.default_rng(seed)
    return [scene.render(scene.random_camera(rng), **SMALL) for _ in range(count)]


@pytest.mark.parametrize("config", [DEFAULT, HARDER], ids=["default", "harder"])
def test_a_seed_always_gives_the_same_pixels(config):
    frames = []
    for _ in range(2):
        with Scene(11, config) as scene:
            frames.append(scene.render(2.5, **SMALL))
    assert np.array_equal(frames[0].rgb, frames[1].rgb)
    assert np.array_equal(frames[0].depth, frames[1].depth)
    assert np.array_equal(frames[0].segment_ids, frames[1].segment_ids)
    assert frames[0].segments == frames[1].segments


def test_rendering_other_views_first_changes_nothing():
    with Scene(5) as scene:
        alone = scene.render(4.0, **SMALL)
    with Scene(5) as scene:
        views(scene, 0)
        assert np.array_equal(scene.render(4.0, **SMALL).rgb, alone.rgb)


def test_another_seed_gives_another_scene():
    with Scene(1) as one, Scene(2) as other:
        assert not np.array_equal(one.render(0.0, **SMALL).rgb, other.render(0.0, **SMALL).rgb)


@pytest.mark.parametrize("seed", range(6))
def test_ids_in_the_picture_are_those_of_the_segments(seed):
    with Scene(seed) as scene:
        for frame in views(scene, seed):
            assert frame.rgb.shape == (60, 80, 3) and frame.rgb.dtype == np.uint8
            assert frame.depth.shape == (60, 80) and frame.depth.dtype == np.float32
            assert frame.segment_ids.shape == (60, 80) and frame.segment_ids.dtype == np.int32
            listed = [segment.id for segment in frame.segments]
            assert listed == sorted(set(frame.segment_ids.ravel().tolist()) - {0})
            counts = np.bincount(frame.segment_ids.ravel())
            assert all(counts[i] >= 16 for i in listed)


@pytest.mark.parametrize("seed", range(6))
def test_stuff_is_one_segment_a_class_and_an_instance_one_of_its_own(seed):
    with Scene(seed) as scene:
        frame = scene.render(1.0)
        stuff = [segment.label for segment in frame.segments if not segment.is_thing]
        assert len(stuff) == len(set(stuff))
        assert set(stuff) <= set(STUFF_NAMES)
        ids = [segment.id for segment in frame.segments]
        assert len(ids) == len(set(ids))


def test_what_is_called_by_a_colour_has_it():
    """Hue decides: the mean of a red thing's pixels is most red, and so on."""
    strongest = {"red": 0, "green": 1, "blue": 2}
    weakest = {"yellow": 2, "orange": 2, "purple": 1}
    seen = set()
    for seed in range(12):
        with Scene(seed) as scene:
            frame = scene.render(0.0)
        for segment in frame.segments:
            colour = segment.label.split()[0]
            mean = frame.rgb[frame.segment_ids == segment.id].mean(axis=0)
            if segment.label in TRAINED_COMPOSITIONS and colour in strongest:
                assert np.argmax(mean) == strongest[colour], segment
                seen.add(colour)
            elif segment.label in TRAINED_COMPOSITIONS and colour in weakest:
                assert np.argmin(mean) == weakest[colour], segment
                seen.add(colour)
    assert seen == {*strongest, *weakest}


def test_training_scenes_show_no_kept_out_name_and_all_the_others():
    seen = set()
    for seed in range(60):
        with Scene(seed) as scene:
            seen.update(things(scene))
    assert not seen & set(KEPT_OUT_NAMES)
    assert seen == {*TRAINED_COMPOSITIONS, *FIXED_OBJECTS}


def test_a_third_of_the_compositions_are_kept_out_ones_where_asked_for():
    seen = []
    for seed in range(40):
        with Scene(seed, SceneConfig(include_kept_out=True)) as scene:
            seen += [name for name in things(scene) if name not in FIXED_OBJECTS]
    share = np.mean([name in KEPT_OUT_NAMES for name in seen])
    assert 0.25 < share < 0.42
    assert set(KEPT_OUT_NAMES) <= set(seen)


def test_counts_stay_in_the_configs_range():
    for seed in range(10):
        with Scene(seed, SceneConfig(things=(2, 3))) as scene:
            assert 2 <= len(things(scene)) <= 3


@pytest.mark.parametrize("seed", range(8))
def test_things_keep_apart(seed):
    """The boxes of two things on the same height overlap by no more than their empty corners."""
    with Scene(seed) as scene:
        bodies = [body for body, segment in scene._segment_of_body.items() if segment > len(STUFF_NAMES)]
        boxes = [scene._world.bounds(body) for body in bodies]
        for i, (low, high) in enumerate(boxes):
            for other_low, other_high in boxes[:i]:
                shared = np.minimum(high, other_high) - np.maximum(low, other_low)
                if (shared > 0).all():
                    smaller = min(np.prod(high - low), np.prod(other_high - other_low))
                    assert np.prod(shared) < 0.05 * smaller


def test_things_stand_on_floor_or_table():
    with Scene(4) as scene:
        for place, body in zip(
            scene._places, list(scene._segment_of_body)[-len(scene._places) :], strict=True
        ):
            assert scene._world.bounds(body)[0][2] == pytest.approx(place.z, abs=1e-6)


def test_an_empty_room_has_walls_and_floor_only():
    with Scene(3, SceneConfig(things=(0, 0), table_share=0.0)) as scene:
        frame = scene.render(scene.random_camera(np.random.default_rng(0)), **SMALL)
    assert [segment.label for segment in frame.segments] == ["floor", "wall"]
    assert (frame.segment_ids > 0).all()


def test_a_closed_scene_can_be_closed_again():
    scene = Scene(0)
    scene.close()
    scene.close()


def test_nothing_stays_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Scene(0) as scene:
        scene.render(0.0, **SMALL)
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_models_of_different_files_are_different(capfd):
    """PyBullet remembers files by name, and warns on the standard output of links without a mass."""
    names = {"r2d2 robot", "robot arm", "wheeled robot", "toy car"}
    boxes = {}
    for seed in range(30):
        with Scene(seed, SceneConfig(fixed_share=1.0)) as scene:
            for body, number in scene._segment_of_body.items():
                segment = scene._segments[number - 1]
                if segment.is_thing:
                    low, high = scene._world.bounds(body)
                    boxes[segment.label] = (high - low)[2] / (high - low)[:2].max()
    assert names <= set(boxes)
    assert boxes["r2d2 robot"] > 1 > boxes["wheeled robot"] > 0.2
    assert boxes["toy car"] < 0.6
    assert "warning" not in capfd.readouterr().out.lower()
