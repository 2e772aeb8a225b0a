"""Bags to files of results, with a stand-in for the model."""

import errno
import json
import os
import shutil

import cv2
import numpy as np
import pytest
from bag_files import FIRST, PERIOD, camera_info, image, write_bag
from fake_model import WORDS, fake_model
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from eovseg_ros.bags.errors import DiskFull
from eovseg_ros.bags.labelling import bag_labeller
from eovseg_ros.bags.labelling.bag_labeller import CHUNK, BagLabeller
from eovseg_ros.bags.labelling.report import Status
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.message_types import definition, encode_message
from eovseg_ros.bags.reading.cameras import parse_cameras
from eovseg_ros.bags.reading.selection import Selection
from eovseg_ros.bags.writing.channels import Channel
from eovseg_ros.bags.writing.mcap_file import McapFile

CUP, BALL, FLOOR = range(3)


def picture(i):
    """A cup that moves and, in two of three images, a ball; a floor below."""
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[40:, :, :2] = 9, FLOOR
    rgb[10:20, 5 + i % 30 : 15 + i % 30, :2] = 1, CUP
    if i % 3:
        rgb[24:34, 40 - i % 20 : 50 - i % 20, :2] = 2, BALL
    return rgb


def moving(count, topic="/image", first=0):
    """Messages of a camera."""
    times = [FIRST + i * PERIOD for i in range(first, first + count)]
    return [(topic, time + 5, image(picture(i), time)) for i, time in enumerate(times, first)]


def settings(*topics, depths=(), **others):
    return LabelSettings(cameras=tuple(parse_cameras(topics or ["/image"], depths)), **others)


def labeller(words=WORDS, **others):
    return BagLabeller(fake_model(words), settings(**others), "eovseg-bags label ...")


def read(path):
    """(topic, log time, message) of a file, and its metadata."""
    with path.open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        decoded = [(c.topic, m.log_time, d) for _, c, m, d in reader.iter_decoded_messages()]
        return decoded, {record.name: record.metadata for record in reader.iter_metadata()}


def of(found, topic):
    return [message for name, _, message in found if name == topic]


def test_results_are_those_of_the_node(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(3))
    report = labeller().label(bag, tmp_path / "out.mcap")
    assert (report.status, report.error, report.counts.frames) == (Status.LABELLED, "", 3)
    found, metadata = read(tmp_path / "out.mcap")
    assert [(topic, time - FIRST) for topic, time, _ in found[:5]] == [
        ("/eovseg/vocabulary", 5),
        ("/eovseg/panoptic/compressed", 5),
        ("/eovseg/semantic/compressed", 5),
        ("/eovseg/segments", 5),
        ("/eovseg/panoptic/compressed", PERIOD + 5),
    ]
    (vocabulary,) = of(found, "/eovseg/vocabulary")
    assert vocabulary.labels == ["cup", "ball", "floor"] and vocabulary.version == 1
    last = of(found, "/eovseg/segments")[-1]
    assert last.header.stamp.nanosec == 2 * PERIOD and last.header.frame_id == "camera"
    assert [(s.id, s.label, s.track_id) for s in last.segments] == [
        (1, "cup", 2),
        (2, "ball", 3),
        (9, "floor", 1),
    ]
    ids = cv2.imdecode(np.frombuffer(of(found, "/eovseg/panoptic/compressed")[-1].data, np.uint8), -1)
    assert ids.dtype == np.uint16 and (ids == picture(2)[:, :, 0]).all()
    semantic = cv2.imdecode(np.frombuffer(of(found, "/eovseg/semantic/compressed")[-1].data, np.uint8), -1)
    assert semantic.dtype == np.uint8 and (semantic[ids > 0] == picture(2)[:, :, 1][ids > 0] + 1).all()
    own = metadata["eovseg"]
    assert own["weights_sha256"] == "w" and own["command"] == "eovseg-bags label ..." and own["bag"] == "bag"
    assert json.loads(own["settings"])["smoothing"] == 0.8 and own["status"] == "labelled"
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("*.state"))


def test_raw_images_without_tracks(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(2))
    labeller(compressed=False, tracking=False, embeddings=True).label(bag, tmp_path / "out.mcap")
    found, _ = read(tmp_path / "out.mcap")
    raw = of(found, "/eovseg/panoptic")[1]
    assert (raw.encoding, raw.step) == ("16UC1", 128)
    assert (np.frombuffer(raw.data, np.uint16).reshape(48, 64) == picture(1)[:, :, 0]).all()
    segments = of(found, "/eovseg/segments")[1].segments
    assert [s.track_id for s in segments] == [0, 0, 0] and len(segments[0].embedding) == 8


def test_every_camera_has_its_own_topics_and_tracks(tmp_path):
    rear = [(topic, time + 1, message) for topic, time, message in moving(3, "/rear/image")]
    messages = sorted(moving(3, "/front/image") + rear, key=lambda entry: entry[1])
    bag = write_bag(tmp_path / "bag", messages)
    own = settings("/front/image", "/rear/image", compressed=False)
    report = BagLabeller(fake_model(), own, "").label(bag, tmp_path / "out.mcap")
    found, _ = read(tmp_path / "out.mcap")
    assert report.counts.frames == 6
    for name in ("front", "rear"):
        tracks = [[s.track_id for s in m.segments] for m in of(found, f"/eovseg/{name}/segments")]
        assert tracks == [[0, 1], [2, 0, 1], [2, 3, 1]]


def test_depth_gives_positions(tmp_path):
    messages = []
    for i in range(2):
        time = FIRST + i * PERIOD
        messages += [
            ("/image", time, image(picture(i), time)),
            ("/camera_info", time, camera_info(time, (64, 48))),
        ]
    depth = image(np.full((48, 64), 2.0, np.float32), FIRST, "32FC1")
    messages.append(("/depth", FIRST + 1, depth))
    bag = write_bag(tmp_path / "bag", messages)
    own = settings("/image", depths=["/depth"])
    report = BagLabeller(fake_model(), own, "").label(bag, tmp_path / "out.mcap")
    found, _ = read(tmp_path / "out.mcap")
    first, second = of(found, "/eovseg/segments")
    assert first.position_frame == "camera" and first.segments[0].position.z == 2.0
    assert second.position_frame == "" and not second.segments[0].has_position
    (reason,) = report.counts.without_depth
    assert "100 ms from the image, more than depth_tolerance (0.05 s)" in reason and report.fine


def test_bad_images_are_counted_and_skipped(tmp_path):
    messages = moving(6)
    good = encode_message(messages[1][2])
    messages[1] = ("/image", messages[1][1], ("sensor_msgs/msg/Image", good[:100]))
    messages[2][2].encoding = "nonsense"
    messages[4][2].step = 1
    report = labeller().label(write_bag(tmp_path / "bag", messages), tmp_path / "out.mcap")
    assert report.status == Status.LABELLED and report.counts.frames == 3 and not report.fine
    reasons = sorted(report.counts.skipped)
    assert len(reasons) == 3 and all(reason.startswith("/image: ") for reason in reasons)
    assert any("cannot read encoding 'nonsense'" in reason for reason in reasons)
    found, metadata = read(tmp_path / "out.mcap")
    assert len(of(found, "/eovseg/segments")) == 3
    assert json.loads(metadata["eovseg"]["counts"])["skipped"] == report.counts.skipped


def test_reasons_are_bounded(tmp_path):
    messages = moving(40)
    for i, (_, _, message) in enumerate(messages):
        message.encoding = f"nonsense {i}"
    report = labeller().label(write_bag(tmp_path / "bag", messages), tmp_path / "out.mcap")
    assert len(report.counts.skipped) == 21 and sum(report.counts.skipped.values()) == 40


def test_a_bag_that_breaks_off_is_labelled_up_to_there(tmp_path):
    big = [
        (t, time, image(np.repeat(np.repeat(picture(i), 8, 0), 8, 1), time))
        for i, (t, time, _) in enumerate(moving(12))
    ]
    file = write_bag(tmp_path / "bag", big) / "bag.mcap"
    file.write_bytes(file.read_bytes()[:3_000_000])
    report = labeller().label(file, tmp_path / "out.mcap")
    assert report.status == Status.INCOMPLETE and "breaks off after" in report.error and not report.fine
    found, metadata = read(tmp_path / "out.mcap")
    assert report.counts.frames == len(of(found, "/eovseg/segments")) > 3
    assert metadata["eovseg"]["status"] == "incomplete"
    again = labeller().label(file, tmp_path / "out.mcap")
    assert again.status == Status.SKIPPED and again.error == report.error and not again.fine


def test_a_bag_with_a_broken_chunk_is_labelled_up_to_it(tmp_path):
    name = "sensor_msgs/msg/Image"
    file = McapFile(tmp_path / "bag.mcap", [Channel("/image", name, definition(name), "ros2msg", "")])
    ends = []
    for i, (_, time, message) in enumerate(moving(30)):
        file.add(0, time, encode_message(message))
        if i % 10 == 9:
            ends.append(file.end_chunk())
    file.finish({})
    content = bytearray((tmp_path / "bag.mcap").read_bytes())
    content[(ends[0] + ends[1]) // 2] ^= 255
    (tmp_path / "bag.mcap").write_bytes(content)
    report = labeller().label(tmp_path / "bag.mcap", tmp_path / "out.mcap")
    assert report.status == Status.INCOMPLETE and "bag.mcap is broken" in report.error
    assert report.counts.frames == len(of(read(tmp_path / "out.mcap")[0], "/eovseg/segments")) == 10


@pytest.mark.parametrize("metadata", [True, False])
def test_the_folder_of_a_bag_may_take_its_results(tmp_path, metadata):
    bag = write_bag(tmp_path / "bag", moving(3))
    if not metadata:
        (bag / "metadata.yaml").unlink()
    for status in (Status.LABELLED, Status.SKIPPED):
        report = labeller().label(bag, bag / "bag_labels.mcap")
        assert (report.status, report.counts.frames) == (status, 3), report.error


def test_a_bag_of_the_same_size_is_another_one(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3), storage="sqlite3"), tmp_path / "out.mcap"
    labeller().label(bag, out)
    size = (bag / "bag.db3").stat().st_size
    shutil.rmtree(bag)
    write_bag(bag, moving(3, first=9), storage="sqlite3")
    assert (bag / "bag.db3").stat().st_size == size
    report = labeller().label(bag, out)
    assert report.status == Status.FAILED and "(different: the bag)" in report.error


def test_what_differs_from_former_results_is_named(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out.mcap"
    labeller().label(bag, out)
    other = labeller(["mug"], smoothing=0.5, selection=Selection(every=2)).label(bag, out)
    assert "(different: every, smoothing, vocabulary_sha256)" in other.error
    out.write_bytes(b"something else")
    assert "it has no metadata of this program" in labeller().label(bag, out).error


@pytest.mark.parametrize("selection", [Selection(start=99.0), Selection(start=1e30)])
def test_a_bag_without_an_image_to_label_says_so(tmp_path, selection):
    report = labeller(selection=selection).label(
        write_bag(tmp_path / "bag", moving(3)), tmp_path / "out.mcap"
    )
    assert report.status == Status.LABELLED and report.fine
    assert list(report.counts.warnings) == ["no image of /image in the bag, or in the chosen part of it"]


def test_names_that_are_no_text_are_written(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(2)).rename(tmp_path / os.fsdecode(b"run\xff"))
    assert labeller().label(bag, tmp_path / "out.mcap").fine
    assert read(tmp_path / "out.mcap")[1]["eovseg"]["bag"] == r"run\udcff"


def test_bags_that_cannot_be_read_are_reported(tmp_path):
    missing = labeller().label(tmp_path / "missing", tmp_path / "out.mcap")
    assert missing.status == Status.FAILED and "does not exist" in missing.error
    bag = write_bag(tmp_path / "bag", moving(1, "/other"))
    other = labeller().label(bag, tmp_path / "out.mcap")
    assert (
        other.status == Status.FAILED
        and "no topic /image; topics of its type in the bag: /other" in other.error
    )
    assert not (tmp_path / "out.mcap").exists()


def test_a_finished_bag_is_skipped_unless_the_settings_are_others(tmp_path):
    bag, out = write_bag(tmp_path / "bag", moving(3)), tmp_path / "out.mcap"
    labeller().label(bag, out)
    before = out.stat()
    assert labeller().label(bag, out).status == Status.SKIPPED
    for other in (labeller(["mug"]), labeller(smoothing=0.5), labeller(selection=Selection(every=2))):
        report = other.label(bag, out)
        assert (
            report.status == Status.FAILED and "of other settings, other words or another bag" in report.error
        )
    assert out.stat().st_mtime_ns == before.st_mtime_ns
    assert labeller(["mug"]).label(bag, out, overwrite=True).status == Status.LABELLED
    assert of(read(out)[0], "/eovseg/vocabulary")[0].labels == ["mug"]


class Stop(BaseException):
    """As Ctrl-C."""


@pytest.mark.parametrize("stops", [[1], [CHUNK], [CHUNK + 1, 2 * CHUNK + 20], [99], [5, 40, 41, 70, 99]])
def test_an_interrupted_run_continues_and_equals_an_undisturbed_one(tmp_path, stops):
    messages = moving(100)
    messages[50][2].encoding = "nonsense"
    bag = write_bag(tmp_path / "bag", messages)
    labeller().label(bag, tmp_path / "a.mcap")
    out, first = tmp_path / "b.mcap", []
    for stop in stops:

        def progress(done, stop=stop):
            first.append(done)
            if done == stop:
                raise Stop

        with pytest.raises(Stop):
            labeller().label(bag, out, progress)
        assert not out.exists()
    first.clear()
    report = labeller().label(bag, out, first.append)
    assert first[0] == stops[-1] - stops[-1] % CHUNK + 1  # only what was not in a whole chunk is done again
    assert report.counts.frames == 99 and len(report.counts.skipped) == 1
    assert out.read_bytes() == (tmp_path / "a.mcap").read_bytes()
    assert not (tmp_path / "b.mcap.state").exists()


def test_an_interrupted_run_with_other_settings_begins_anew(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(80))

    def progress(done):
        if done == 50:
            raise Stop

    with pytest.raises(Stop):
        labeller().label(bag, tmp_path / "b.mcap", progress)
    first = []
    labeller(smoothing=0.1).label(bag, tmp_path / "b.mcap", first.append)
    assert first[0] == 1


@pytest.mark.parametrize("torn", ["part", "state", "both"])
def test_torn_files_of_an_interrupted_run_begin_anew(tmp_path, torn):
    bag = write_bag(tmp_path / "bag", moving(80))
    labeller().label(bag, tmp_path / "a.mcap")

    def progress(done):
        if done == 50:
            raise Stop

    with pytest.raises(Stop):
        labeller().label(bag, tmp_path / "b.mcap", progress)
    for name in ("part", "state"):
        if torn in (name, "both"):
            os.truncate(tmp_path / f"b.mcap.{name}", 100)
    labeller().label(bag, tmp_path / "b.mcap")
    assert (tmp_path / "b.mcap").read_bytes() == (tmp_path / "a.mcap").read_bytes()


@pytest.mark.parametrize("call", range(8))  # every write to the disk: chunks, checkpoints and the end
def test_a_full_disk_is_said_and_the_run_continues_later(tmp_path, monkeypatch, call):
    bag = write_bag(tmp_path / "bag", moving(100))
    labeller().label(bag, tmp_path / "a.mcap")
    calls = []

    def sync(number):
        calls.append(number)
        if len(calls) == call + 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        with pytest.raises(DiskFull, match="no space left on the disk while labelling .*bag into .*b.mcap"):
            labeller().label(bag, tmp_path / "b.mcap")
    assert not (tmp_path / "b.mcap").exists() and not list(tmp_path.glob("*.new"))
    labeller().label(bag, tmp_path / "b.mcap")
    assert (tmp_path / "b.mcap").read_bytes() == (tmp_path / "a.mcap").read_bytes()


def test_a_chunk_ends_early_if_it_is_large(tmp_path, monkeypatch):
    ends = []
    end = bag_labeller.McapFile.end_chunk
    monkeypatch.setattr(bag_labeller.McapFile, "end_chunk", lambda file: ends.append(1) or end(file))
    large = [("/image", FIRST + i, image(np.zeros((1000, 1000, 3), np.uint8), FIRST + i)) for i in range(6)]
    labeller(compressed=False).label(write_bag(tmp_path / "bag", large), tmp_path / "out.mcap")
    assert len(ends) == 3 + 1  # of 3 MB for an image, 4 MiB are full after every second one


def test_an_error_of_the_model_fails_the_run(tmp_path):
    broken = np.full((8, 8, 3), (255, 0, 255), np.uint8)
    bag = write_bag(tmp_path / "bag", [("/image", FIRST, image(broken, FIRST))])
    with pytest.raises(RuntimeError, match="the model tripped"):
        labeller().label(bag, tmp_path / "out.mcap")
    assert not (tmp_path / "out.mcap").exists()
