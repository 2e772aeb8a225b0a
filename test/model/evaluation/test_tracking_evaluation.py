"""`eovseg evaluate` on sequences: associations, scores and reports."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from video_grids import draw

from eovseg_model.cli.main import main
from eovseg_model.data.coco_panoptic import encode_ids
from eovseg_model.data.coco_sequences import CocoSequences
from eovseg_model.data.layout import DatasetError
from eovseg_model.evaluation.metrics.overlaps import FrameOverlaps, TrackedSegment, count_overlaps
from eovseg_model.evaluation.tracking.association import (
    TRACKING,
    Assignment,
    IouMatching,
    NoTracking,
    OracleAssociation,
    TrackerAssociation,
)
from eovseg_model.evaluation.tracking.judging import evaluate_sequences
from eovseg_model.evaluation.tracking.report import (
    sequences_to_json,
    sequences_to_markdown,
    sequences_to_text,
)
from eovseg_model.inference.segments import Segment, SegmentFeatures
from eovseg_model.simulation.catalog import CATALOG, STUFF_NAMES, vocabulary_entries
from eovseg_model.vocabulary.vocabulary import Vocabulary

VOCABULARY = Vocabulary.parse(vocabulary_entries())
FLOOR = CATALOG.index("floor")
NAMES = {"test": "x", "variant": "tiny", "checkpoint": "none", "device": "cpu", "backend": "none"}


def result_of(rows, classes):
    """A prediction; classes by letter."""
    segments = [
        Segment(ord(letter), c, VOCABULARY.labels[c], VOCABULARY.is_thing[c], 1.0, 1)
        for letter, c in classes.items()
    ]
    one_hot = np.eye(len(VOCABULARY), dtype=np.float32)[list(classes.values())]
    return SimpleNamespace(
        label_image=draw(rows),
        segments=segments,
        segment_features=SegmentFeatures(one_hot, one_hot, one_hot),
        vocabulary=VOCABULARY,
    )


def truth_of(result, rows, tracks):
    """Overlaps of a prediction; the true segments are things of class 0, with tracks by letter."""
    true = [TrackedSegment(0, track) for track in tracks.values()]
    pixels = count_overlaps(
        draw(rows), [ord(c) for c in tracks], result.label_image, [s.id for s in result.segments]
    )
    return FrameOverlaps(true, [TrackedSegment(s.class_id, 0) for s in result.segments], pixels)


NO_TRUTH = FrameOverlaps([], [], np.zeros((1, 1), np.int64))


def test_without_tracking_every_segment_is_new():
    associate = NoTracking()
    result = result_of(["ab"], {"a": 0, "b": 1})
    assert associate(result, 0.0, NO_TRUTH) == [Assignment(1, 0), Assignment(2, 1)]
    assert associate(result, 0.1, NO_TRUTH) == [Assignment(3, 0), Assignment(4, 1)]


def test_the_oracle_gives_the_best_segment_of_an_object_its_track():
    """Object 7 is covered by b (4 of 5), a has 1 of its pixels; object 8 by nothing."""
    associate = OracleAssociation()
    result = result_of(["abbbb..c", "c......."], {"a": 0, "b": 3, "c": FLOOR})
    truth = truth_of(result, ["tttttu..", "..uuuuuu"], {"t": 7, "u": 8})
    first = associate(result, 0.0, truth)
    assert [a.class_id for a in first] == [0, 3, FLOOR]
    assert len({a.track_id for a in first}) == 3
    again = associate(result, 0.1, truth)
    assert again[1].track_id == first[1].track_id
    assert {a.track_id for a in again} & {a.track_id for a in first} == {first[1].track_id}
    without = result_of(["abbbb..c", "c......."], {"b": 3})
    assert associate(without, 0.2, truth_of(without, ["ttttt...", "........"], {"t": 9}))[0] not in first


@pytest.mark.parametrize(("covered", "tracked"), [(1, False), (2, True)])
def test_the_oracle_leaves_out_what_hardly_covers_an_object(covered, tracked):
    """1 and 2 of its 20 pixels."""
    associate = OracleAssociation()
    result = result_of(["a" * covered + "." * (20 - covered)], {"a": 0})
    truth = truth_of(result, ["t" * 20], {"t": 7})
    ids = {associate(result, stamp, truth)[0].track_id for stamp in (0.0, 0.1)}
    assert len(ids) == (1 if tracked else 2)


@pytest.mark.parametrize(("common", "tracked"), [(1, False), (2, True)])
def test_iou_matching_needs_some_overlap(common, tracked):
    """IoUs of 1/199 and 2/198."""
    associate = IouMatching()
    first = associate(result_of(["a" * 100 + "." * 100], {"a": 0}), 0.0, NO_TRUTH)
    rest = 100 - common
    second = associate(result_of(["." * rest + "a" * 100 + "." * common], {"a": 0}), 0.1, NO_TRUTH)
    assert (first == second) == tracked


def test_iou_matching_follows_masks_and_forgets():
    associate = IouMatching()
    first = associate(result_of(["aaaa....bb"], {"a": 0, "b": 1}), 0.0, NO_TRUTH)
    moved = associate(result_of(["...aaaab.."], {"a": 5, "b": 1}), 0.1, NO_TRUTH)  # 1 of 7, and 0
    assert moved[0] == Assignment(first[0].track_id, 5)
    assert moved[1].track_id not in {a.track_id for a in first}
    gone = associate(result_of([".........."], {}), 0.2, NO_TRUTH)
    back = associate(result_of(["...aaaa..."], {"a": 5}), 0.3, NO_TRUTH)
    assert gone == [] and back[0].track_id not in {a.track_id for a in (*first, *moved)}
    other_size = associate(result_of(["aa", "aa"], {"a": 5}), 0.4, NO_TRUTH)
    assert other_size[0].track_id != back[0].track_id


def test_iou_matching_has_the_greatest_sum():
    """a has an IoU of 3/6 with x, but 2/6 with y and b 1/4 with x are more."""
    associate = IouMatching()
    x, y = associate(result_of(["xxxxyyy"], {"x": 0, "y": 0}), 0.0, NO_TRUTH)
    b, a = associate(result_of(["baaaaa."], {"b": 0, "a": 0}), 0.1, NO_TRUTH)
    assert (b.track_id, a.track_id) == (x.track_id, y.track_id)


def write_sequences(root, sequences, frames=3, **changes):
    """Frames (4, 6) with an object `a` (track 5) that moves right, on the floor `f` (track 1)."""
    images, annotations = [], []
    for folder in ("images", "panoptic"):
        (root / folder).mkdir(parents=True)
    for sequence in sequences:
        for index in reversed(range(frames)):
            ids = np.full((4, 6), 1)
            ids[1:3, index : index + 2] = 300
            name = f"{sequence}_{index}"
            Image.new("RGB", (6, 4), (10 * index, 20, 30)).save(root / "images" / f"{name}.jpg")
            Image.fromarray(encode_ids(ids)).save(root / "panoptic" / f"{name}.png")
            segments = [
                {"id": 1, "category_id": FLOOR + 1, "track_id": 1},
                {"id": 300, "category_id": 1, "track_id": 5},
            ]
            images.append(
                {"id": name, "file_name": f"{name}.jpg", "sequence_id": sequence, "frame_index": index}
                | {"stamp": index / 2, **changes}
            )
            annotations.append({"image_id": name, "file_name": f"{name}.png", "segments_info": segments})
    categories = [
        {"id": i + 1, "name": name, "isthing": int(name not in STUFF_NAMES)} for i, name in enumerate(CATALOG)
    ]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (root / "panoptic.json").write_text(json.dumps(content))


class Seer:
    """Predicts the truth of the next frame, whatever the image."""

    def __init__(self, data, **other_class):
        self._frames = iter([index for sequence in data.sequences() for index in sequence])
        self._data = data
        self.class_of = other_class

    def __call__(self, image):
        sample = self._data.frame(next(self._frames)).sample
        assert np.array_equal(sample.image, image)
        classes = {chr(s.id): s.category for s in sample.segments}
        result = result_of([[chr(i) for i in row] for row in sample.id_map], classes)
        return result


def judged(root, associations, limit=None):
    data = CocoSequences(root)
    names = {k: v for k, v in NAMES.items() if k != "test"}
    return evaluate_sequences(
        Seer(data), VOCABULARY, data, associations, dataset_name="x", limit=limit, **names
    )


def test_sequences_are_read_in_the_order_of_their_frames(tmp_path):
    write_sequences(tmp_path, [7, 3])
    data = CocoSequences(tmp_path)
    frames = [[data.frame(i) for i in sequence] for sequence in data.sequences()]
    assert [[f.sequence for f in s] for s in frames] == [[3] * 3, [7] * 3]
    assert [[(f.frame_index, f.stamp) for f in s] for s in frames] == [[(0, 0.0), (1, 0.5), (2, 1.0)]] * 2
    assert frames[0][0].track_ids == (1, 5)
    assert [s.category for s in frames[0][0].sample.segments] == [FLOOR, 0]
    assert frames[0][1].sample.image[0, 0, 0] == pytest.approx(10, abs=3)


def test_scenes_are_no_sequences(tmp_path):
    write_sequences(tmp_path, [7])
    content = json.loads((tmp_path / "panoptic.json").read_text())
    for image in content["images"]:
        del image["stamp"]
    (tmp_path / "panoptic.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="has no 'stamp', so it contains no sequences; render some with"):
        CocoSequences(tmp_path)


def test_what_perfect_segments_get(tmp_path):
    """The object is tracked by the oracle and, as it moves by half of its width, by the IoU of 1/3, too.

    The tracker knows it from the second frame on: AQ is 2/3 * 2/3 of its pixels.

    Without tracking, 3 ids of a third of the pixels each: AQ is 3 * (1/3 * 1/3) = 1/3, and both later frames
    of each sequence's 3 are switches.
    """
    write_sequences(tmp_path, [7, 3])
    scores = judged(tmp_path, TRACKING).associations
    for name in ("iou", "oracle"):
        s = scores[name]
        assert (s.stq, s.aq, s.sq, s.vpq, s.pq) == pytest.approx((100,) * 5)
        assert (s.hota, s.identity_switches, s.label_switches) == pytest.approx((100, 0, 0))
    for name in ("tracker", "unsmoothed", "kernels alone"):
        s = scores[name]
        assert (s.stq, s.aq, s.sq) == pytest.approx((100 * 2 / 3, 100 * 4 / 9, 100))
        assert (s.identity_switches, s.label_switches, s.pq) == pytest.approx((0, 0, 100))
    s = scores["untracked"]
    assert (s.stq, s.aq, s.sq) == pytest.approx((100 * math.sqrt(1 / 3), 100 / 3, 100))
    assert (s.object_frames, s.matched_frames) == (6, 6)
    assert (s.identity_switches, s.label_switches, s.pq) == pytest.approx((100 * 4 / 6, 0, 100))
    assert s.vpq == pytest.approx((100 + 3 * 50) / 4)  # in longer windows the floor is right, the object not
    assert s.vpq_windows == pytest.approx({1: 100, 5: 50, 10: 50, 15: 50})


class FlickeringTracker:
    """Tracks by segment id; in every second frame the object has another class."""

    def __init__(self):
        self.stamps = []

    def update(self, result, stamp):
        self.stamps.append(stamp)
        odd = len(self.stamps) % 2 == 0
        return [
            SimpleNamespace(track_id=s.id, class_id=s.class_id + (s.is_thing and odd))
            for s in result.segments
        ]


def test_a_tracker_is_asked_in_order_with_stamps_and_may_change_classes(tmp_path):
    """A new tracker for each sequence. Its classes count: 0, 1, 0 are two label switches of 3 frames."""
    write_sequences(tmp_path, [7, 3])
    trackers = []

    def make():
        trackers.append(FlickeringTracker())
        return TrackerAssociation(trackers[-1])

    result = judged(tmp_path, {"flickering": make})
    assert [tracker.stamps for tracker in trackers] == [[0.0, 0.5, 1.0]] * 2
    scores = result.associations["flickering"]
    assert (scores.identity_switches, scores.label_switches) == pytest.approx((0, 100 * 2 / 3))
    assert scores.aq == pytest.approx(100)
    assert scores.sq == pytest.approx(100 * (2 / 3 + 0 + 1) / 3)  # classes 0, 1 and floor
    assert (result.sequences, result.frames) == (2, 6)


def test_a_limit_cuts_the_last_sequence(tmp_path):
    write_sequences(tmp_path, [7, 3])
    result = judged(tmp_path, TRACKING, limit=4)
    assert (result.sequences, result.frames) == (2, 4)
    assert result.associations["oracle"].object_frames == 4
    assert judged(tmp_path, TRACKING, limit=3).sequences == 1


def test_a_tracker_must_return_a_track_for_every_segment(tmp_path):
    write_sequences(tmp_path, [7])
    with pytest.raises(ValueError, match="returned 0 tracks for 2 segments"):
        judged(tmp_path, {"lazy": lambda: lambda result, stamp, truth: []})


def test_reports(tmp_path):
    write_sequences(tmp_path, [7])
    result = judged(tmp_path, TRACKING)
    numbers = json.loads(sequences_to_json(result))
    for key in ("stq", "aq", "sq", "vpq", "identity_switches", "label_switches", "oracle_stq"):
        assert isinstance(numbers[key], float)
    assert numbers["association"] == "tracker" and numbers["untracked_aq"] == pytest.approx(100 / 3)
    assert numbers["sequences"] == 1 and numbers["frames"] == 3
    text = sequences_to_text(result)
    assert "tiny (none) on x: 1 sequences, 3 frames, none on cpu" in text
    assert [line[:14].strip() for line in text.splitlines()[3 : 3 + len(TRACKING)]] == list(TRACKING)
    assert numbers["kernels_alone_stq"] == pytest.approx(numbers["stq"])
    assert "| oracle | 100.00 | 100.00 |" in sequences_to_markdown(result)


def test_the_command(tmp_path, capsys):
    write_sequences(tmp_path / "set", [7, 3])
    files = ["--json", str(tmp_path / "a.json"), "--markdown", str(tmp_path / "a.md")]
    data = ["--dataset", "simulation_sequences", "--data", str(tmp_path / "set")]
    arguments = ["evaluate", *data, "--variant", "tiny", "--short-side", "32"]
    assert main([*arguments, *files, "--limit", "4"]) == 0
    printed = capsys.readouterr().out
    assert "simulation_sequences: 2 sequences, 4 frames, torch fp32 on cpu" in printed
    assert {"stq", "oracle_stq", "untracked_label_switches"} <= json.loads(
        (tmp_path / "a.json").read_text()
    ).keys()
    assert "| untracked |" in (tmp_path / "a.md").read_text()
    assert main([*arguments, "--per-class"]) == 2
    assert "simulation_sequences has no scores of classes; omit --per-class" in capsys.readouterr().err
    assert (
        main(["evaluate", "--dataset", "simulation_sequences", "--data", str(tmp_path), "--variant", "tiny"])
        == 2
    )
    assert "parts missing" in capsys.readouterr().err
