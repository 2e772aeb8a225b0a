"""Sequences: what moves and how, and the data set that is written."""

import hashlib
import json
import math

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.simulation.catalog import CATALOG, KEPT_OUT_NAMES, STUFF_NAMES  # noqa: E402
from eovseg_model.simulation.scenes.layout import Place, Table  # noqa: E402
from eovseg_model.simulation.sequences.__main__ import main  # noqa: E402
from eovseg_model.simulation.sequences.arm import GRASP, RELEASE, Carry  # noqa: E402
from eovseg_model.simulation.sequences.camera_path import CameraPath, smooth  # noqa: E402
from eovseg_model.simulation.sequences.free_space import FreeSpace  # noqa: E402
from eovseg_model.simulation.sequences.movements import Drive, Placement, Push  # noqa: E402
from eovseg_model.simulation.sequences.sequence import Sequence  # noqa: E402

SMALL = {"width": 80, "height": 60}
SECONDS = 6.0
WITH_ARM = 1_000_000  # a seed whose arm lifts objects
AT_ORIGIN = Placement(np.zeros(3), Rotation.identity())


def test_a_movement_starts_and_ends_at_rest():
    assert [smooth(share) for share in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert smooth(0.25) == pytest.approx(3 / 16 - 2 / 64)


def test_a_push_is_fast_at_first_and_stops():
    """After half of the time, 1 - (1/2)^2 of the way and of the spin."""
    push = Push(start=1.0, end=3.0, shift=(0.4, 0.0), spin=0.8, rolling_radius=0.0)
    for seconds, share in ((1.0, 0.0), (2.0, 0.75), (3.0, 1.0), (9.0, 1.0)):
        placement = push.placement(AT_ORIGIN, seconds)
        assert placement.centre == pytest.approx([0.4 * share, 0, 0])
        assert placement.turn.as_rotvec() == pytest.approx([0, 0, 0.8 * share])


def test_a_ball_rolls_without_slipping():
    """A ball of radius 0.1 that moves 0.2 along x turns by 2 about y: its top moves forwards."""
    push = Push(start=0.0, end=1.0, shift=(0.2, 0.0), spin=0.0, rolling_radius=0.1)
    turn = push.placement(AT_ORIGIN, 1.0).turn
    assert turn.as_rotvec() == pytest.approx([0, 2, 0])
    assert push.placement(AT_ORIGIN, 0.05).turn.apply([0, 0, 0.1])[0] > 0


@pytest.mark.parametrize(
    ("length", "curvature", "centre", "turn"),
    [
        (0.5, 0.0, (0.0, 0.5), 0.0),  # straight along +y
        (math.pi / 2, 1.0, (-1.0, 1.0), math.pi / 2),  # a quarter of a circle to the left
        (-math.pi / 2, 1.0, (-1.0, -1.0), -math.pi / 2),  # the same backwards
    ],
)
def test_a_vehicle_drives_along_an_arc(length, curvature, centre, turn):
    drive = Drive(start=0.0, end=2.0, heading=math.pi / 2, length=length, curvature=curvature)
    end = drive.placement(AT_ORIGIN, 2.0)
    assert end.centre == pytest.approx([*centre, 0.0])
    assert end.turn.as_rotvec() == pytest.approx([0, 0, turn])
    assert drive.placement(AT_ORIGIN, 0.0).centre == pytest.approx([0, 0, 0])


def test_space_is_taken_by_others_and_by_what_crosses_it():
    space = FreeSpace(None, {1: Place(0.0, 0.0, 0.0, 0.2), 2: Place(0.8, 0.0, 0.0, 0.2)})
    there = Place(0.4, 0.0, 0.0, 0.1)
    assert space.allows(3, [there], 0.0)  # 0.4 from both, more than 0.2 + 0.1 and the gap of 0.03
    assert not space.allows(3, [there._replace(radius=0.18)], 0.0)
    assert not space.allows(3, [there, Place(0.1, 0.0, 0.0, 0.1)], 0.0)
    assert space.allows(1, [Place(0.1, 0.0, 0.0, 0.2)], 0.0)  # nothing is in its own way
    space.move(2, [Place(0.8, 0.0, 0.0, 0.2), Place(0.8, 0.5, 0.0, 0.2)], until=2.0)
    assert not space.allows(3, [Place(0.8, 0.0, 0.0, 0.1)], 1.0)
    assert space.allows(3, [Place(0.8, 0.0, 0.0, 0.1)], 2.0)


def test_nothing_moves_off_the_table_or_into_it_or_near_the_camera():
    space = FreeSpace(Table(0.0, 0.0, 1.0, 0.6, 0.3), {})
    assert space.supports(Place(0.3, 0.1, 0.3, 0.1)) and not space.supports(Place(0.45, 0.0, 0.3, 0.1))
    assert space.supports(Place(0.7, 0.0, 0.0, 0.1)) and not space.supports(Place(0.55, 0.0, 0.0, 0.1))
    assert not space.supports(Place(1.25, 0.0, 0.0, 0.1))


@pytest.mark.parametrize("seed", range(20))
def test_the_camera_moves_smoothly_inside_the_room(seed):
    from eovseg_model.simulation.scenes.scene_config import DEFAULT

    path = CameraPath.random(np.random.default_rng(seed), DEFAULT)
    poses = [path.pose(t) for t in np.arange(0.0, 30.0, 0.05)]
    positions = np.array([pose.position for pose in poses])
    ahead = np.array([pose.rotation()[:, 2] for pose in poses])
    assert 1.45 < np.hypot(*positions[:, :2].T).min() and np.hypot(*positions[:, :2].T).max() < 2.1
    assert np.linalg.norm(np.diff(positions, axis=0), axis=1).max() / 0.05 < 1.0  # metres per second
    turned = np.degrees(np.arccos(np.clip((ahead[1:] * ahead[:-1]).sum(axis=1), -1, 1))) / 0.05
    assert 5 < turned.max() < 140  # degrees per second
    assert np.abs(np.diff(turned)).max() < 15  # no jerk between two steps


def sequence_frames(seed, times):
    with Sequence(seed, SECONDS) as sequence:
        return [sequence.render(t, **SMALL) for t in times]


def test_a_frame_depends_on_its_time_only():
    forwards = sequence_frames(WITH_ARM, [0.5, 2.0, 3.5])
    backwards = sequence_frames(WITH_ARM, [3.5, 0.5, 2.0])
    for one, other in ((forwards[0], backwards[1]), (forwards[1], backwards[2]), (forwards[2], backwards[0])):
        assert np.array_equal(one.frame.rgb, other.frame.rgb)
        assert np.array_equal(one.frame.segment_ids, other.frame.segment_ids)
        assert one.pose == other.pose


def test_a_longer_sequence_starts_like_a_shorter_one():
    with Sequence(WITH_ARM, 30.0) as sequence:
        long = sequence.render(3.5, **SMALL)
    assert np.array_equal(long.frame.rgb, sequence_frames(WITH_ARM, [3.5])[0].frame.rgb)


def bodies(sequence):
    """Boxes of the objects by segment id, without arms."""
    things = [thing for thing in sequence._scene.things if thing.item.name != "robot arm"]
    return {t.segment.id: np.array(sequence._scene.world.bounds(t.body)) for t in things}


def test_an_arm_lifts_an_object_and_puts_it_down_elsewhere():
    with Sequence(WITH_ARM, SECONDS) as sequence:
        carry = sequence._plan.carries[0]
        carried = next(i for i, moves in sequence._plan.movements.items() if carry in moves)
        boxes = []
        for since in (0.0, GRASP, GRASP + 0.5, RELEASE, RELEASE + 0.9):
            sequence._move_objects(carry.start + since)
            boxes.append(bodies(sequence)[carried])
            if since == GRASP + 0.5:
                palm = carry.arm.palm(carry.joints(carry.start + since)).centre
                assert np.linalg.norm(palm[:2] - boxes[-1].mean(axis=0)[:2]) < 0.02
                assert palm[2] == pytest.approx(boxes[-1][1, 2], abs=0.02)  # the palm touches its top
    before, grasped, lifted, put, left = boxes
    assert grasped == pytest.approx(before, abs=1e-6)
    assert 0.11 < (lifted - before)[0, 2] < 0.27
    assert put[0, 2] == pytest.approx(before[0, 2], abs=0.01)  # stands on the same surface
    assert np.hypot(*(put - before).mean(axis=0)[:2]) > 0.1
    assert left == pytest.approx(put, abs=1e-6)


@pytest.mark.parametrize("seed", range(1_000_000, 1_000_006))
def test_objects_move_and_keep_apart(seed):
    with Sequence(seed, SECONDS) as sequence:
        first = bodies(sequence)
        held = {
            i for i, moves in sequence._plan.movements.items() if any(isinstance(m, Carry) for m in moves)
        }
        farthest = dict.fromkeys(first, 0.0)
        for seconds in np.arange(0.0, SECONDS, 0.25):
            sequence._move_objects(seconds)
            boxes = bodies(sequence)
            for i, box in boxes.items():
                farthest[i] = max(farthest[i], float(np.linalg.norm((box - first[i]).mean(axis=0))))
                for j in range(i):
                    if j in boxes and not {i, j} & held:
                        shared = np.minimum(box[1], boxes[j][1]) - np.maximum(box[0], boxes[j][0])
                        if (shared > 0).all():
                            smaller = min(np.prod(box[1] - box[0]), np.prod(boxes[j][1] - boxes[j][0]))
                            assert np.prod(shared) < 0.08 * smaller
        moved = {i for i, distance in farthest.items() if distance > 0.05}
        assert moved and moved <= set(sequence.moved_segments())


def test_objects_leave_the_view_and_come_back():
    returned = 0
    for seed in range(1_000_000, 1_000_006):
        frames = sequence_frames(seed, np.arange(0.0, SECONDS, 0.2))
        seen = [{s.id for s in f.frame.segments if s.is_thing} for f in frames]
        for thing in set().union(*seen):
            shown = "".join("1" if thing in ids else "0" for ids in seen).strip("0")
            returned += "0" in shown
    assert returned >= 6  # one per sequence on average


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("sets") / "val"
    assert write(out, "--depth") == 0
    return out


def write(folder, *arguments):
    size = ["--width", "64", "--height", "48", "--workers", "1"]
    return main([str(folder), *size, "--sequences", "2", "--frames", "4", "--rate", "2", *arguments])


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def coco(folder):
    return json.loads((folder / "panoptic.json").read_text())


def test_the_settings_determine_the_files(folder, tmp_path):
    assert write(tmp_path / "again", "--depth", "--workers", "2") == 0
    assert digests(tmp_path / "again") == digests(folder)


def test_images_carry_sequence_frame_and_stamp(folder, coco):
    assert coco["sequences"] == [{"id": i, "frames": 4, "rate": 2.0} for i in (1_000_000, 1_000_001)]
    keys = [(image["sequence_id"], image["frame_index"], image["stamp"]) for image in coco["images"]]
    assert keys == [(s, i, i / 2) for s in (1_000_000, 1_000_001) for i in range(4)]
    assert len({image["id"] for image in coco["images"]}) == 8
    for image in coco["images"]:
        with Image.open(folder / "images" / image["file_name"]) as picture:
            assert picture.size == (64, 48)


def test_a_track_is_one_object_of_one_class(folder, coco):
    sequence_of = {image["id"]: image["sequence_id"] for image in coco["images"]}
    classes = {}
    for annotation in coco["annotations"]:
        with Image.open(folder / "panoptic" / annotation["file_name"]) as picture:
            ids = np.asarray(picture, dtype=np.int64) @ [1, 256, 65536]
        assert {s["id"] for s in annotation["segments_info"]} == set(np.unique(ids).tolist()) - {0}
        tracks = [s["track_id"] for s in annotation["segments_info"]]
        assert len(tracks) == len(set(tracks)) and min(tracks) > 0
        for segment in annotation["segments_info"]:
            key = sequence_of[annotation["image_id"]], segment["track_id"]
            assert classes.setdefault(key, segment["category_id"]) == segment["category_id"]
    for sequence in (1_000_000, 1_000_001):
        stuff = [CATALOG[c - 1] for (s, _), c in classes.items() if s == sequence]
        stuff = [name for name in stuff if name in STUFF_NAMES]
        assert len(stuff) == len(set(stuff))  # one track per class


def test_depth_and_pose_put_the_floor_at_height_zero(folder, coco):
    annotations = {a["image_id"]: a for a in coco["annotations"]}
    for image in coco["images"]:
        depth = np.asarray(Image.open(folder / "depth" / image["depth_file_name"])) / 1000
        ids = np.asarray(Image.open(folder / "panoptic" / annotations[image["id"]]["file_name"]))[:, :, 0]
        floor = next(
            s["id"]
            for s in annotations[image["id"]]["segments_info"]
            if s["category_id"] == 1 + CATALOG.index("floor")
        )
        v, u = np.nonzero(ids == floor)
        lens = image["camera_info"]
        z = depth[v, u]
        rays = np.stack([(u - lens["cx"]) / lens["fx"], (v - lens["cy"]) / lens["fy"], np.ones(len(u))])
        world = np.array(image["world_from_camera"]) @ np.vstack([rays * z, np.ones(len(u))])
        assert np.percentile(np.abs(world[2]), 95) < 0.001  # half a pixel would be 35 mm


def test_without_the_option_there_is_no_depth_and_no_kept_out_name(tmp_path):
    assert write(tmp_path / "set") == 0
    assert sorted(p.name for p in (tmp_path / "set").iterdir()) == [
        "images",
        "panoptic",
        "panoptic.json",
        "settings.json",
    ]
    content = json.loads((tmp_path / "set" / "panoptic.json").read_text())
    assert not any("depth_file_name" in image for image in content["images"])
    names = {CATALOG[s["category_id"] - 1] for a in content["annotations"] for s in a["segments_info"]}
    assert not names & set(KEPT_OUT_NAMES)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seed", "999999"], "not within one range"),
        (["--seed", "0", "--kept-out"], "training scenes must not show kept-out names"),
        (["--frames", "0"], "frames must be 1 to 1000; got 0"),
        (["--rate", "0"], "the rate must be 0.1 to 1000 frames per second; got 0"),
        (["--rate", "nan"], "the rate must be 0.1 to 1000 frames per second; got nan"),
        (["--sequences", "0"], "at least one scene"),
        (["--width", "4"], "at least 16x16"),
    ],
)
def test_bad_arguments_are_refused_and_write_nothing(arguments, says, tmp_path, capsys):
    assert write(tmp_path / "set", *arguments) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "set").exists()
