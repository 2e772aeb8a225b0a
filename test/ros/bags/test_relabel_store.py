"""Embeddings beside the results: what is stored, and after interruptions."""

import struct

import cv2
import numpy as np
import pytest
from bag_files import FIRST, PERIOD, write_bag
from test_labelling import WORDS, Stop, labeller, moving, picture

from eovseg_ros.bags.embeddings import embeddings_file
from eovseg_ros.bags.embeddings.embeddings_file import EmbeddingsFile, has_block, read_embeddings
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame, make_preview
from eovseg_ros.bags.errors import BagError


def frame(number, segments, camera="front", preview=b"jpeg"):
    rows = np.arange(segments, dtype=np.float32)[:, None]
    return StoredFrame(
        camera=camera,
        log_time=FIRST + number,
        stamp=FIRST,
        size=(480, 640),
        ids=np.arange(segments) + 1,
        track_ids=np.arange(segments) + 70_000,
        boxes=np.arange(4 * segments).reshape(-1, 4),
        kernels=rows + [0.25, 0.5, -3],
        embeddings=rows * 0 + [0.1, -0.2],
        preview=preview,
    )


def test_frames_come_back_rounded_to_half_precision(tmp_path):
    path = tmp_path / "a.embeddings"
    file = EmbeddingsFile(path)
    written = [frame(0, 2), frame(1, 0, "rear", b""), frame(2, 3, preview=b"other")]
    for each in written[:2]:
        file.add(each)
    file.end_block(2)
    file.add(written[2])
    file.end_block(3)
    file.close()
    found = list(read_embeddings(path))
    for one, other in zip(found, written, strict=True):
        assert one[:4] == other[:4] and one.preview == other.preview
        assert one.ids.tolist() == other.ids.tolist() and one.track_ids.tolist() == other.track_ids.tolist()
        assert one.boxes.tolist() == other.boxes.tolist()
        if len(other.ids):
            assert one.kernels.tolist() == other.kernels.tolist()  # these have few bits
            np.testing.assert_allclose(one.embeddings, other.embeddings, rtol=2**-11)
    assert found[1].kernels.shape == (0, 0)


def test_values_too_large_for_half_precision_stay_finite(tmp_path):
    file = EmbeddingsFile(tmp_path / "a")
    file.add(frame(0, 1)._replace(kernels=np.array([[1e6, -1e6]], np.float32)))
    file.end_block(1)
    file.close()
    assert next(read_embeddings(tmp_path / "a")).kernels.tolist() == [[65504.0, -65504.0]]


def test_a_file_continues_after_a_block(tmp_path):
    for name in "ab":
        file = EmbeddingsFile(tmp_path / name)
        for i in range(4):
            file.add(frame(i, 2))
            file.end_block(i + 1)
        file.close()
    file = EmbeddingsFile(tmp_path / "b", images=2)
    for i in (2, 3):
        file.add(frame(i, 2))
        file.end_block(i + 1)
    file.close()
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()
    assert has_block(tmp_path / "a", 4) and has_block(tmp_path / "missing", 0)
    assert not has_block(tmp_path / "a", 5) and not has_block(tmp_path / "missing", 1)
    with pytest.raises(BagError, match="no block that ends at image 7"):
        EmbeddingsFile(tmp_path / "a", images=7)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: b"nonsense" + data, "is no file of embeddings"),
        (lambda data: data[:-1], "breaks off"),
        (lambda data: data[:25], "breaks off"),
        (lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:], "broken block"),
        (lambda data: data + struct.pack("<IIQ", 0, 0, 9), "is broken"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, change, reason):
    path = tmp_path / "a"
    file = EmbeddingsFile(path)
    file.add(frame(0, 2))
    file.end_block(1)
    file.close()
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BagError, match=reason):
        list(read_embeddings(path))


@pytest.mark.parametrize(
    ("size", "expected"), [((480, 640), (180, 240)), ((48, 64), (48, 64)), ((1000, 1), (240, 1))]
)
def test_a_preview_is_a_small_picture(size, expected):
    rgb = np.zeros((*size, 3), np.uint8)
    rgb[..., 0] = 200
    found = cv2.imdecode(np.frombuffer(make_preview(rgb), np.uint8), cv2.IMREAD_COLOR)
    assert found.shape[:2] == expected
    assert found[0, 0, 2] > 190 and found[0, 0, 0] < 10  # OpenCV has BGR


def test_what_is_stored_of_a_bag(tmp_path):
    messages = moving(3)
    messages[1][2].encoding = "nonsense"
    report = labeller(keep_embeddings=True).label(write_bag(tmp_path / "bag", messages), tmp_path / "o.mcap")
    assert report.counts.frames == 2
    first, last = read_embeddings(tmp_path / "o.embeddings")
    assert (first.camera, first.log_time, first.stamp) == ("", FIRST + 5, FIRST)
    assert (last.log_time, last.stamp) == (FIRST + 2 * PERIOD + 5, FIRST + 2 * PERIOD)
    assert first.ids.tolist() == [1, 9] and last.ids.tolist() == [1, 2, 9]
    assert last.track_ids.tolist() == [2, 0, 1]  # as in the results: a cup, a ball that is new, the floor
    assert last.size == (48, 64)
    assert last.boxes.tolist() == [[7, 10, 10, 10], [38, 24, 10, 10], [0, 40, 64, 8]]
    assert last.kernels.shape == (3, 1024) and last.embeddings.shape == (3, 8)
    shown = cv2.imdecode(np.frombuffer(last.preview, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == picture(2).shape


def test_nothing_is_stored_unless_wanted(tmp_path):
    bag = write_bag(tmp_path / "bag", moving(2))
    labeller(keep_embeddings=True).label(bag, tmp_path / "o.mcap")
    labeller().label(bag, tmp_path / "o.mcap", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "o.mcap"]


@pytest.mark.parametrize("stops", [[1], [33, 50, 64], [99]])
@pytest.mark.parametrize("lost", [False, True])
def test_an_interrupted_run_stores_what_an_undisturbed_one_does(tmp_path, stops, lost):
    bag = write_bag(tmp_path / "bag", moving(100))
    labeller(keep_embeddings=True).label(bag, tmp_path / "a.mcap")
    for stop in stops:

        def progress(done, stop=stop):
            if done == stop:
                raise Stop

        with pytest.raises(Stop):
            labeller(keep_embeddings=True).label(bag, tmp_path / "b.mcap", progress)
        assert not (tmp_path / "b.embeddings").exists()
    if lost:
        (tmp_path / "b.embeddings.part").unlink()
    labeller(keep_embeddings=True).label(bag, tmp_path / "b.mcap")
    for suffix in ("mcap", "embeddings"):
        assert (tmp_path / f"b.{suffix}").read_bytes() == (tmp_path / f"a.{suffix}").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_a_run_that_is_killed_between_its_last_steps_continues(tmp_path, monkeypatch):
    bag = write_bag(tmp_path / "bag", moving(40))
    labeller(keep_embeddings=True).label(bag, tmp_path / "a.mcap")

    def fail(*_):
        raise Stop

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr("eovseg_ros.bags.writing.mcap_file.McapFile.finish", fail)
        labeller(keep_embeddings=True).label(bag, tmp_path / "b.mcap")
    assert (tmp_path / "b.embeddings").exists()
    labeller(keep_embeddings=True).label(bag, tmp_path / "b.mcap")
    for suffix in ("mcap", "embeddings"):
        assert (tmp_path / f"b.{suffix}").read_bytes() == (tmp_path / f"a.{suffix}").read_bytes()


def test_a_block_is_on_the_disk_before_its_checkpoint(tmp_path, monkeypatch):
    calls = []
    end = embeddings_file.EmbeddingsFile.end_block
    monkeypatch.setattr(
        EmbeddingsFile, "end_block", lambda self, n: calls.append(("block", n)) or end(self, n)
    )
    monkeypatch.setattr(
        "eovseg_ros.bags.labelling.bag_labeller.write_checkpoint",
        lambda _, c: calls.append(("state", c.images)),
    )
    labeller(WORDS, keep_embeddings=True).label(write_bag(tmp_path / "bag", moving(40)), tmp_path / "o.mcap")
    assert calls == [("block", 32), ("state", 32), ("block", 40)]
