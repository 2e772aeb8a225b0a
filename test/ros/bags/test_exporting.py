"""Results in other formats."""

import errno
import fcntl
import json
import os
import shutil

import cv2
import numpy as np
import pytest
from bag_files import FIRST, PERIOD, image, write_bag
from fake_model import fake_model
from test_labelling import moving, of, picture, read, settings

from eovseg_model.data import CocoPanoptic
from eovseg_ros.bags.errors import DiskFull
from eovseg_ros.bags.exporting import video
from eovseg_ros.bags.exporting.export_settings import ExportSettings
from eovseg_ros.bags.jobs import task
from eovseg_ros.bags.jobs.job import plan_jobs
from eovseg_ros.bags.jobs.task import Task
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.labelling.report import Status
from eovseg_ros.bags.message_types import encode_message
from eovseg_ros.bags.reading.bag import open_bag
from eovseg_ros.bags.reading.selection import Selection


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    monkeypatch.setattr(task, "load_label_model", lambda model, threads: fake_model())


def do(bag, out, *topics, overwrite=False, labels=None, **exports):
    """The report of one bag."""
    label = labels or settings(*topics)
    own = TaskSettings(
        label=label, threads=1, command="", overwrite=overwrite, exports=ExportSettings(**exports)
    )
    out.mkdir(exist_ok=True)
    (job,) = plan_jobs([bag], out)
    return Task(own).do(job, lambda done: None)


@pytest.mark.parametrize("compressed", [True, False])
def test_coco_is_read_by_our_own_reader(tmp_path, compressed):
    messages = moving(5)
    messages[1][2].encoding = "nonsense"
    bag = write_bag(tmp_path / "bag", messages)
    report = do(bag, tmp_path / "out", labels=settings(compressed=compressed), coco=tmp_path / "sets")
    assert report.exports == [str(tmp_path / "sets/bag")]
    found = CocoPanoptic.from_folder(tmp_path / "sets/bag")
    assert len(found) == 4 and [c.name for c in found.categories] == ["cup", "ball", "floor"]
    assert [c.is_thing for c in found.categories] == [True, True, False]
    sample = found[3]  # of image 4, because image 1 could not be read
    assert (sample.id_map == picture(4)[:, :, 0]).all()
    assert np.abs(sample.image.astype(int) - picture(4)).mean() < 3  # JPEG
    assert {(s.id, s.category) for s in sample.segments} == {(1, 0), (2, 1), (9, 2)}
    content = json.loads((tmp_path / "sets/bag/panoptic.json").read_text())
    assert content["images"][3]["stamp"] == FIRST + 4 * PERIOD
    assert content["images"][3]["file_name"] == "000004.jpg" and content["images"][3]["height"] == 48
    cup = next(s for s in content["annotations"][3]["segments_info"] if s["id"] == 1)
    assert cup["area"] == 100 and cup["bbox"] == [9, 10, 10, 10] and cup["score"] == 0.5
    assert cup["track_id"] > 0
    assert sorted(p.name for p in (tmp_path / "sets/bag").iterdir()) == [
        "images",
        "panoptic",
        "panoptic.json",
    ]


def frames_of(path):
    """Number, rate and size of the frames of a video."""
    reader = cv2.VideoCapture(str(path))
    _, first = reader.read()
    return int(reader.get(cv2.CAP_PROP_FRAME_COUNT)), reader.get(cv2.CAP_PROP_FPS), first.shape


def test_a_video_has_a_frame_for_each_result_at_the_rate_of_the_images(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(12))
    report = do(bag, tmp_path / "out", video=True)
    assert report.exports == [str(tmp_path / "out/bag.mp4")]
    assert frames_of(tmp_path / "out/bag.mp4") == (12, 10.0, (48, 64, 3))


def test_every_camera_has_a_video(tmp_path):
    rear = [(t, time + 1, m) for t, time, m in moving(4, "/rear/image")]
    messages = sorted(moving(6, "/front/image") + rear, key=lambda entry: entry[1])
    bag = write_bag(tmp_path / "bag", messages)
    report = do(bag, tmp_path / "out", "/front/image", "/rear/image", video=True, coco=tmp_path / "sets")
    assert frames_of(tmp_path / "out/bag_front.mp4")[0] == 6
    assert frames_of(tmp_path / "out/bag_rear.mp4")[0] == 4 and len(report.exports) == 3
    names = sorted(path.name for path in (tmp_path / "sets/bag/panoptic").iterdir())
    assert names[0] == "front_000001.png" and names[-1] == "rear_000008.png" and len(names) == 10


def test_a_copy_has_all_messages_of_the_bag_and_the_results(tmp_path):
    text = [
        ("/chatter", FIRST + i * PERIOD + 9, ("std_msgs/msg/String", bytes([0, 1, 0, 0, 2, 0, 0, 0, 65, 0])))
        for i in range(4)
    ]
    source = sorted(moving(3) + text, key=lambda entry: entry[1])
    bag = write_bag(tmp_path / "bag", source, storage="sqlite3")
    do(bag, tmp_path / "out", copy=True)
    found, metadata = read(tmp_path / "out/bag_full.mcap")
    with open_bag(tmp_path / "out/bag_full.mcap") as full:
        copied = list(full.messages(full.topics))
        assert full.topics["/chatter"].type_name == "std_msgs/msg/String"
    assert [m.log_time for m in copied] == sorted(m.log_time for m in copied)
    for path in (bag, tmp_path / "out/bag_labels.mcap"):
        with open_bag(path) as part:
            own = list(part.messages(part.topics))
            assert own == [m for m in copied if m.topic in part.topics]
    assert len(copied) == 7 + 1 + 9
    assert [m.data for m in of(found, "/chatter")] == ["A"] * 4 and metadata["eovseg"]["status"] == "labelled"


def test_exports_of_a_finished_bag_are_made_later_and_only_once(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out"
    assert do(bag, out).exports == []
    report = do(bag, out, video=True, copy=True)
    assert report.status == Status.SKIPPED and len(report.exports) == 2
    before = [os.stat(path).st_mtime_ns for path in report.exports]
    again = do(bag, out, video=True, copy=True)
    assert [os.stat(path).st_mtime_ns for path in again.exports] == before
    other = settings(tracking=False)
    replaced = do(bag, out, labels=other, video=True, copy=True, overwrite=True)
    assert replaced.status == Status.LABELLED
    assert all(os.stat(path).st_mtime_ns > old for path, old in zip(replaced.exports, before, strict=True))


def test_what_an_interrupted_export_left_is_replaced(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out"
    (tmp_path / "sets/bag.part/images").mkdir(parents=True)
    (tmp_path / "sets/bag.part/images/old.jpg").write_bytes(b"")
    out.mkdir()
    for name in ("bag_full.mcap.part", "bag.part.mp4"):
        (out / name).write_bytes(b"torn")
    do(bag, out, video=True, copy=True, coco=tmp_path / "sets")
    assert sorted(p.name for p in out.iterdir()) == ["bag.mp4", "bag_full.mcap", "bag_labels.mcap"]
    assert len(list((tmp_path / "sets/bag/images").iterdir())) == 3


def test_a_bag_that_breaks_off_is_exported_up_to_there(tmp_path):
    big = [
        (t, time, image(np.repeat(np.repeat(picture(i), 8, 0), 8, 1), time))
        for i, (t, time, _) in enumerate(moving(12))
    ]
    file = write_bag(tmp_path / "bag", big) / "bag.mcap"
    file.write_bytes(file.read_bytes()[:3_000_000])
    report = do(file, tmp_path / "out", video=True, copy=True, coco=tmp_path / "sets")
    assert report.status == Status.INCOMPLETE
    frames = report.counts.frames
    assert frames_of(tmp_path / "out/bag.mp4")[0] == frames
    assert len(CocoPanoptic.from_folder(tmp_path / "sets/bag")) == frames
    with open_bag(tmp_path / "out/bag_full.mcap") as full:
        assert full.topics["/image"].messages == full.topics["/eovseg/segments"].messages == frames


def test_a_copy_that_ends_early_says_so_in_later_runs_too(tmp_path):
    """Also if all that was to be labelled comes before the end."""
    file = write_bag(tmp_path / "bag", moving(12)) / "bag.mcap"
    file.write_bytes(file.read_bytes()[:-20])
    own = {"labels": settings(selection=Selection(limit=2)), "copy": True}
    reports = [do(file, tmp_path / "out", **own) for _ in range(2)]
    assert [(report.status, report.counts.frames) for report in reports] == [(Status.INCOMPLETE, 2)] * 2
    assert all("bag_full.mcap ends where the bag does: " in report.error for report in reports)


def test_a_bag_without_images_has_no_video(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(2))
    report = do(
        bag, tmp_path / "out", labels=settings(max_pixels=1), video=True, copy=True, coco=tmp_path / "sets"
    )
    assert report.counts.frames == 0 and sum(report.counts.skipped.values()) == 2
    assert not (tmp_path / "out/bag.mp4").exists() and (tmp_path / "out/bag_full.mcap").exists()
    assert json.loads((tmp_path / "sets/bag/panoptic.json").read_text())["images"] == []


@pytest.mark.parametrize("exports", [{"copy": True}, {"coco": "sets"}, {"video": True}])
def test_a_full_disk_during_an_export_is_said(tmp_path, monkeypatch, exports):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out"
    do(bag, out)

    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    if "coco" in exports:
        exports = {"coco": tmp_path / "sets"}
        monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    elif "copy" in exports:
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(video._Video, "check", fail)
    with pytest.raises(DiskFull, match="no space left on the disk while exporting .*bag_labels.mcap"):
        do(bag, out, **exports)
    monkeypatch.undo()
    monkeypatch.setattr(task, "load_label_model", lambda model, threads: fake_model())
    assert len(do(bag, out, **exports).exports) == 1


def test_a_video_that_lost_frames_is_an_error(tmp_path, monkeypatch):
    bag = write_bag(tmp_path / "bag", moving(5))
    monkeypatch.setattr(
        video._Video, "close", lambda own: own._writer.release() or os.truncate(own._path, 40)
    )
    report = do(bag, tmp_path / "out", video=True, copy=True)
    assert report.status == Status.INCOMPLETE and "OpenCV wrote 0 of 5 frames to " in report.error
    assert not list((tmp_path / "out").glob("*.mp4")) and (tmp_path / "out/bag_full.mcap").exists()


@pytest.mark.parametrize(("height", "width"), [(1, 9), (9, 1), (3, 5)])
def test_a_video_of_small_images(tmp_path, height, width):
    rgb = np.zeros((height, width, 3), np.uint8)
    bag = write_bag(tmp_path / "bag", [("/image", FIRST, image(rgb, FIRST))])
    assert do(bag, tmp_path / "out", video=True).fine
    assert frames_of(tmp_path / "out/bag.mp4")[0] == 1


@pytest.mark.parametrize("name", ["e%d", "a b", "ä", os.fsdecode(b"\xff")])
def test_exports_of_bags_with_names_of_all_kinds(tmp_path, name):
    bag = write_bag(tmp_path / "bag", moving(3)).rename(tmp_path / name)
    report = do(bag, tmp_path / "out", copy=True, coco=tmp_path / "sets", video=True)
    folder = tmp_path / "sets" / name
    assert (folder / "panoptic.json").exists() and (tmp_path / f"out/{name}_full.mcap").exists()
    if name.isascii() or name == "ä":
        assert report.fine and frames_of(tmp_path / f"out/{name}.mp4")[0] == 3
    else:  # OpenCV takes UTF-8 only
        assert "OpenCV cannot write" in report.error and "the name is not UTF-8" in report.error


def test_a_data_set_of_other_results_is_not_taken_for_these(tmp_path):
    bag, sets = write_bag(tmp_path / "bag", moving(3)), tmp_path / "sets"
    assert do(bag, tmp_path / "a", coco=sets).fine
    before = (sets / "bag/panoptic.json").read_bytes()
    other = settings(tracking=False)
    report = do(bag, tmp_path / "b", coco=sets, labels=other)
    assert report.status == Status.INCOMPLETE and f"{sets}/bag is of other results: choose" in report.error
    assert (sets / "bag/panoptic.json").read_bytes() == before
    assert do(bag, tmp_path / "b", coco=sets, labels=other, overwrite=True).fine
    assert (sets / "bag/panoptic.json").read_bytes() != before
    assert do(bag, tmp_path / "b", coco=sets, labels=other).fine


def test_exports_of_former_results_do_not_stay_beside_new_ones(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out"
    do(bag, out, copy=True, video=True)
    assert do(bag, out, labels=settings(tracking=False), overwrite=True).fine
    assert [path.name for path in out.iterdir()] == ["bag_labels.mcap"]


@pytest.mark.parametrize(("form", "name"), [("copy", "bag_full.mcap"), ("video", "bag.mp4")])
def test_files_that_may_be_of_somebody_else_are_not_replaced(tmp_path, form, name):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine")
    report = do(bag, out, **{form: True})
    assert (
        report.status == Status.FAILED and f"out/{name} exists, but not {out}/bag_labels.mcap" in report.error
    )
    assert (out / name).read_text() == "mine"
    assert do(bag, out, overwrite=True, **{form: True}).fine and (out / name).stat().st_size > 1000


def test_what_a_run_that_overwrites_has_done_is_not_done_again(tmp_path):
    """The same command continues it."""
    bag, out, sets = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out", tmp_path / "sets"
    exports = {"copy": True, "video": True, "coco": sets}
    do(bag, out, **exports)
    own = {"labels": settings(tracking=False), "overwrite": True, **exports}
    assert do(bag, out, **own).status == Status.LABELLED
    files = [path for folder in (out, sets) for path in folder.rglob("*")]
    before = [path.stat().st_mtime_ns for path in files]
    report = do(bag, out, **own)
    assert (report.status, len(report.exports)) == (Status.SKIPPED, 3) and report.fine
    assert [path.stat().st_mtime_ns for path in files] == before


def test_one_run_at_a_time_exports_a_bag(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out"
    do(bag, out)
    with (out / "bag_labels.mcap").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        report = do(bag, out, video=True)
    assert report.status == Status.INCOMPLETE and "another run is exporting " in report.error
    assert do(bag, out, video=True).fine


def test_a_name_that_is_too_long_costs_its_bag_only(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(3)).rename(tmp_path / ("x" * 250))
    report = do(bag, tmp_path / "out", video=True)
    assert report.status == Status.FAILED and report.error.endswith(": File name too long")


def test_a_copy_with_other_results_is_not_taken_for_one_with_these(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out"
    do(bag, tmp_path / "other", labels=settings(tracking=False), copy=True)
    do(bag, out)
    shutil.copy(tmp_path / "other/bag_full.mcap", out)
    report = do(bag, out, copy=True)
    assert report.status == Status.INCOMPLETE and "bag_full.mcap is of other results" in report.error


def test_a_copy_has_the_new_results_instead_of_those_of_the_live_node(tmp_path):
    do(write_bag(tmp_path / "bag", moving(3)), tmp_path / "first", copy=True)
    recorded = tmp_path / "first/bag_full.mcap"
    do(recorded, tmp_path / "second", copy=True)
    with open_bag(tmp_path / "second/bag_full_full.mcap") as copy:
        found = [message.topic for message in copy.messages(copy.topics)]
    assert found.count("/image") == found.count("/eovseg/segments") == 3
    assert found.count("/eovseg/vocabulary") == 1


@pytest.mark.parametrize("broken", ["encoding", "bytes"])
def test_an_image_that_cannot_be_read_beside_one_of_the_same_time(tmp_path, broken):
    messages = [("/image", FIRST, image(picture(i), 0)) for i in range(2)]
    if broken == "encoding":
        messages[0][2].encoding = "nonsense"
    else:
        messages[0] = ("/image", FIRST, ("sensor_msgs/msg/Image", encode_message(messages[0][2])[:50]))
    report = do(write_bag(tmp_path / "bag", messages), tmp_path / "out", video=True, coco=tmp_path / "sets")
    assert report.counts.frames == 1 and len(report.exports) == 2 and not report.error
    assert frames_of(tmp_path / "out/bag.mp4")[0] == 1
