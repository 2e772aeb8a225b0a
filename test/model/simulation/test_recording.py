"""Writing and reading recordings, with hand-made frames; nothing here needs PyBullet."""

import json
import zipfile

import numpy as np
import pytest

from eovseg_model.simulation import recording_writer
from eovseg_model.simulation.frame import Frame, TrueSegment
from eovseg_model.simulation.recording import Recording, main
from eovseg_model.simulation.recording_writer import disparity, write_recording

FLOOR, MUG, BALL = (
    TrueSegment(1, "floor", False),
    TrueSegment(2, "red mug", True),
    TrueSegment(2, "blue ball", True),
)


def hand_made_frame(number=0, segments=(FLOOR, MUG)):
    """48x64: a smooth picture, depth from 0.5 to 8 m with a hole, and segments of random pixels."""
    y, x = np.mgrid[:48, :64]
    rgb = np.stack([4 * x, 5 * y, np.full_like(x, 10 * number)], axis=2).astype(np.uint8)
    depth = np.linspace(0.5, 8.0, 48 * 64, dtype=np.float32).reshape(48, 64)
    depth[0, 0] = 0
    ids = np.random.default_rng(number).choice([0, *(s.id for s in segments)], (48, 64)).astype(np.int32)
    return Frame(rgb, depth, ids, list(segments), 50.0, 51.0, 31.5, 23.5)


@pytest.fixture
def path(tmp_path):
    """Five frames in scenes of two; in the second scene the id 2 is another thing."""
    path = tmp_path / "five.zip"
    scenes = [(FLOOR, MUG), (FLOOR, MUG), (FLOOR, BALL), (BALL,), (FLOOR,)]
    frames = [hand_made_frame(i, segments) for i, segments in enumerate(scenes)]
    write_recording(path, frames, rate=4.0, frames_per_scene=2, made_by="by hand")
    return path


def test_everything_comes_back(path):
    with Recording(path) as recording:
        assert (len(recording), recording.rate, recording.seconds) == (5, 4.0, 1.25)
        frames = [recording.frame(i) for i in range(5)]
    assert [f.segments for f in frames] == [[FLOOR, MUG], [FLOOR, MUG], [FLOOR, BALL], [BALL], [FLOOR]]
    for number, frame in enumerate(frames):
        made = hand_made_frame(number, frame.segments)
        np.testing.assert_array_equal(frame.segment_ids, made.segment_ids)
        assert (frame.rgb.dtype, frame.depth.dtype, frame.segment_ids.dtype) == (
            np.uint8,
            np.float32,
            np.int32,
        )
        assert np.abs(frame.rgb.astype(float) - made.rgb).mean() < 3
        assert frame[4:] == (50.0, 51.0, 31.5, 23.5)


def test_depth_is_within_half_a_step_of_disparity(path):
    """Steps of 4 mm at 1 m that grow with the square of the distance; 0 stays 0."""
    with Recording(path) as recording:
        depth = recording.depth(0)
    true = hand_made_frame().depth
    assert depth[0, 0] == 0
    error = np.abs(depth - true)
    assert (error <= 0.5 * 0.004 * true**2 * 1.02 + 1e-6).all()
    assert error[true > 7].max() > 0.05  # and no finer than told


def test_disparity_by_hand():
    """250 / metres, rounded."""
    metres = np.array([[0.0, 1.0, 2.0, 3.0, 1e-9]])
    assert disparity(metres).tolist() == [[0, 250, 125, 83, 65535]]


def test_only_what_is_asked_for_is_read(path, monkeypatch):
    read = []
    whole = zipfile.ZipFile.read
    with Recording(path) as recording:
        monkeypatch.setattr(
            zipfile.ZipFile, "read", lambda self, name: read.append(name) or whole(self, name)
        )
        recording.rgb(3)
        assert read == ["rgb/00003.webp"]
        recording.depth(0)
        assert read[1:] == ["depth/00000.png"]


def test_frames_that_are_not_there(path):
    with Recording(path) as recording:
        for i in (-1, 5):
            with pytest.raises(IndexError, match=f"frame {i} does not exist; the recording has 5 frames"):
                recording.rgb(i)


def test_entries_are_stored_and_the_same_frames_make_the_same_file(path, tmp_path):
    other = tmp_path / "other.zip"
    for file in (other, other.with_name("again.zip")):
        write_recording(file, [hand_made_frame()], rate=4.0, frames_per_scene=2)
    assert other.read_bytes() == other.with_name("again.zip").read_bytes()
    with zipfile.ZipFile(path) as file:
        assert {entry.compress_type for entry in file.infolist()} == {zipfile.ZIP_STORED}
        assert json.loads(file.read("recording.json"))["made_by"] == "by hand"


def rewritten(path, name, content):
    """A copy in which the entry `name` holds other bytes, or is not there where they are None."""
    copy = path.with_name("rewritten.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for entry in source.namelist():
            if entry != name:
                target.writestr(entry, source.read(entry))
        if content is not None:
            target.writestr(name, content)
    return copy


def refused(path, reason):
    """Whether the error names the file and the reason."""
    with pytest.raises(ValueError) as error:
        Recording(path)
    return f"cannot read the recording {path}: " in str(error.value) and reason in str(error.value)


def header_with(path, **changes):
    """The text of recording.json with other values; a value of None takes the key away."""
    with zipfile.ZipFile(path) as file:
        content = json.loads(file.read("recording.json")) | changes
    return json.dumps({key: value for key, value in content.items() if value is not None})


SEGMENT_300 = [{"first_frame": 0, "segments": [{"id": 300, "label": "floor", "is_thing": False}]}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "video 7"}, "format must be 'eovseg recording 1'; got 'video 7'"),
        ({"rate": None}, "'rate' is missing"),
        ({"rate": 0}, "rate must be a positive number; got 0"),
        ({"rate": "fast"}, "could not convert string to float"),
        ({"intrinsics": 7}, "a value has the wrong type"),
        ({"frames": 6}, "rgb/00005.webp is missing"),
        ({"scenes": []}, "scenes must start at frame 0"),
        ({"scenes": SEGMENT_300}, "segment ids must be 1 to 255; got 300"),
        ({"scenes": [{"first_frame": 0}]}, "'segments' is missing"),
    ],
)
def test_a_bad_header_is_refused_with_file_and_reason(path, changes, reason):
    assert refused(rewritten(path, "recording.json", header_with(path, **changes)), reason)


def test_files_that_are_no_whole_zip_are_refused_with_file_and_reason(path, tmp_path):
    no_zip, cut = tmp_path / "no_zip.zip", tmp_path / "cut.zip"
    no_zip.write_text("hello")
    cut.write_bytes(path.read_bytes()[:-10])
    assert refused(no_zip, "not a zip file") and refused(cut, "not a zip file")
    assert refused(tmp_path / "nowhere.zip", "No such file") and refused(tmp_path, "Is a directory")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("recording.json", None, "recording.json is missing"),
        ("recording.json", "{", "recording.json: Expecting"),
        ("recording.json", b"\xff\xfe{", "recording.json: 'utf"),
        ("depth/00002.png", None, "depth/00002.png is missing"),
    ],
)
def test_missing_or_broken_entries_are_refused_with_file_and_reason(path, name, content, reason):
    assert refused(rewritten(path, name, content), reason)


def test_a_broken_image_is_refused_and_the_others_can_be_read(path):
    with zipfile.ZipFile(path) as file:
        rgb, depth = file.read("rgb/00001.webp"), file.read("depth/00001.png")
    for content in (b"", b"hello", rgb[: len(rgb) // 2], depth):
        broken = rewritten(path, "rgb/00001.webp", content)
        with Recording(broken) as recording:
            with pytest.raises(ValueError) as error:
                recording.rgb(1)
            recording.frame(0)
        assert f"{broken}: rgb/00001.webp " in str(error.value)


def test_bytes_that_changed_on_the_disk_are_noticed(path):
    content = bytearray(path.read_bytes())
    content[content.index(b"rgb/00000.webp") + 100] ^= 1
    path.write_bytes(content)
    with Recording(path) as recording, pytest.raises(ValueError, match=r"rgb/00000.webp: Bad CRC"):
        recording.rgb(0)


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "at least one frame"),
        (
            [hand_made_frame(), hand_made_frame()._replace(fx=9.0)],
            "frame 1 differs from the first in size or intrin",
        ),
        (
            [hand_made_frame(), hand_made_frame(segments=(FLOOR, BALL))],
            "frame 1: segment 2 differs from the same id",
        ),
        ([hand_made_frame(segments=(TrueSegment(256, "wall", False),))], "must be 1 to 255; got 256"),
    ],
)
def test_frames_that_do_not_fit_leave_no_file(tmp_path, frames, reason):
    with pytest.raises(ValueError, match=reason):
        write_recording(tmp_path / "out.zip", frames, rate=4.0, frames_per_scene=2)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_recording_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(recording_writer, "RecordingHeader", None)
    with pytest.raises(TypeError):
        write_recording(path, [hand_made_frame()], rate=4.0, frames_per_scene=2)
    assert path.read_bytes() == before


def test_the_command_records_the_robot_the_same_every_time(tmp_path):
    pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")
    from eovseg_model.simulation.scenes.scene import Scene, SceneConfig

    size = ["--width", "64", "--height", "48"]
    for name in ("a.zip", "b.zip"):
        words = [str(tmp_path / name), "--seconds", "1.5", "--rate", "2", "--scene-period", "1", *size]
        assert main(words) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2
    with Recording(tmp_path / "a.zip") as recording:
        assert (len(recording), recording.rate) == (3, 2.0)
        for i, (seed, seconds) in enumerate([(3_000_000, 0.0), (3_000_000, 0.5), (3_000_001, 0.0)]):
            with Scene(seed, SceneConfig(include_kept_out=True)) as scene:
                true = scene.render(seconds, 64, 48)
            frame = recording.frame(i)
            np.testing.assert_array_equal(frame.segment_ids, true.segment_ids)
            assert frame.segments == true.segments
            assert frame[4:] == true[4:]


@pytest.mark.parametrize("words", [["--seconds", "0"], ["--rate", "-1"], ["--seed", "-1"]])
def test_the_command_refuses_what_is_no_recording(tmp_path, capsys, words):
    with pytest.raises(SystemExit):
        main([str(tmp_path / "a.zip"), *words])
    assert words[0] in capsys.readouterr().err
