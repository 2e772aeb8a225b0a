"""New names for the segments of labelled bags."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from bag_files import write_bag
from recorded_bags import write_recorded_bag
from test_label_command import ENVIRONMENT
from test_labelling import of, read, settings

from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.bags.embeddings.relabelling import Relabeller
from eovseg_ros.bags.embeddings.renaming import rename
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame
from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.labelling.bag_labeller import BagLabeller
from eovseg_ros.bags.labelling.model import load_label_model
from eovseg_ros.bags.labelling.settings import ModelSettings

CUP, FLOOR, VOID = range(3)
VOCABULARY = Vocabulary.parse(["cup", "floor|stuff"])
MAP = np.array([[1, 1, 2, 3, 3, 3, 0, 5]], np.uint16)  # segment 4 has no pixels


def stored(*ids):
    rows = np.arange(len(ids), dtype=np.float32)[:, None]
    none = np.zeros(len(ids), int)
    return StoredFrame(
        "", 0, 0, MAP.shape, np.array(ids), none, np.zeros((len(ids), 4), int), rows, rows, b""
    )


def probabilities(*best, share=0.9):
    rows = np.full((len(best), 3), (1 - share) / 2, np.float32)
    rows[range(len(best)), best] = share
    return rows


def test_stuff_of_a_class_is_one_segment_and_things_are_not():
    result = rename(MAP, stored(1, 2, 3, 5), probabilities(FLOOR, CUP, FLOOR, CUP), VOCABULARY)
    assert result.label_image.tolist() == [[1, 1, 2, 1, 1, 1, 0, 5]]
    found = [(s.id, s.class_id, s.label, s.is_thing, s.area) for s in result.segments]
    assert found == [(1, 1, "floor", False, 5), (2, 0, "cup", True, 1), (5, 0, "cup", True, 1)]
    assert result.segments[0].score == pytest.approx(0.9)
    assert result.parts == {1: [3, 1], 2: [2], 5: [5]}  # the largest first
    assert result.segment_features.kernels.ravel().tolist() == [0, 1, 3]  # of the first part
    assert result.segment_features.probabilities.shape == (3, 2)


def test_void_and_weak_segments_are_left_out():
    rows = probabilities(VOID, CUP, FLOOR, CUP)
    result = rename(MAP, stored(1, 2, 3, 5), rows, VOCABULARY)
    assert result.label_image.tolist() == [[0, 0, 2, 3, 3, 3, 0, 5]]
    rows[1] = 0.5, 0.2, 0.3
    result = rename(MAP, stored(1, 2, 3, 5), rows, VOCABULARY, object_threshold=0.5)
    assert result.label_image.tolist() == [[0, 0, 0, 3, 3, 3, 0, 5]]


def test_segments_without_pixels_and_in_any_order():
    result = rename(MAP, stored(5, 4, 3), probabilities(FLOOR, CUP, FLOOR), VOCABULARY)
    assert result.label_image.tolist() == [[0, 0, 0, 3, 3, 3, 0, 3]]
    assert [s.id for s in result.segments] == [3]
    assert result.segment_features.kernels.ravel().tolist() == [2]
    nothing = rename(MAP, stored(), np.zeros((0, 3), np.float32), VOCABULARY)
    assert not nothing.segments and not nothing.label_image.any()


WORDS = ("mug", "ball", "robot arm", "floor|stuff", "wall|stuff")
OTHERS = ("red mug", "blue ball", "wall,floor|stuff")


@pytest.fixture(scope="module")
def model():
    """The demo model without its out-of-vocabulary branch, which stored embeddings do not have."""
    loaded = load_label_model(ModelSettings(backend="reference", vocabulary=WORDS, device="cpu"), 1)
    network = loaded.predictor.model
    network.config = dataclasses.replace(network.config, alpha=0.0, beta=0.0)
    return loaded


def with_words(model, words):
    identity = {**model.identity, "vocabulary": json.dumps(words), "vocabulary_sha256": "/".join(words)}
    own = dataclasses.replace(model.settings, vocabulary=words)
    return dataclasses.replace(
        model, vocabulary=model.predictor.encode(words), settings=own, identity=identity
    )


@pytest.fixture(scope="module")
def labelled(model, tmp_path_factory):
    """Results of two seconds of the robot's view."""
    folder = tmp_path_factory.mktemp("labelled")
    bag = write_recorded_bag(folder / "bag", 20)
    own = settings("/camera/image_raw", depths=["/camera/depth"], model=model.settings, keep_embeddings=True)
    BagLabeller(model, own, "").label(bag, folder / "bag_labels.mcap")
    return folder / "bag_labels.mcap"


def test_the_same_words_give_the_same_results(model, labelled, tmp_path):
    assert Relabeller(model, "").relabel(labelled, tmp_path / "new.mcap") == 20
    (one, _), (other, _) = read(labelled), read(tmp_path / "new.mcap")
    assert [entry[:2] for entry in one] == [entry[:2] for entry in other]
    for topic in ("panoptic/compressed", "semantic/compressed"):
        for before, after in zip(of(one, f"/eovseg/{topic}"), of(other, f"/eovseg/{topic}"), strict=True):
            assert bytes(before.data) == bytes(after.data) and str(before) == str(after)
    for before, after in zip(of(one, "/eovseg/segments"), of(other, "/eovseg/segments"), strict=True):
        for s, t in zip(before.segments, after.segments, strict=True):
            assert t.score == pytest.approx(s.score, abs=0.01)  # embeddings have half precision
            s.score = t.score
        assert str(after) == str(before) and after.position_frame == "camera"
        assert any(segment.has_position for segment in after.segments)


def test_other_words(model, labelled, tmp_path):
    other = with_words(model, OTHERS)
    Relabeller(other, "eovseg-bags relabel ...").relabel(labelled, tmp_path / "new.mcap")
    found, metadata = read(tmp_path / "new.mcap")
    (vocabulary,) = of(found, "/eovseg/vocabulary")
    assert vocabulary.labels == ["red mug", "blue ball", "wall"] and vocabulary.entries == list(OTHERS)
    for message in of(found, "/eovseg/segments"):
        names = [segment.label for segment in message.segments]
        assert names.count("wall") == 1 and set(names) <= {"red mug", "blue ball", "wall"}
    tracks = {s.track_id for m in of(found, "/eovseg/segments") for s in m.segments if s.label == "wall"}
    assert len(tracks) == 1
    own = metadata["eovseg"]
    assert own["command"] == "eovseg-bags relabel ..." and own["vocabulary_sha256"] == "/".join(OTHERS)
    assert json.loads(own["relabelled_from"]) == list(WORDS)
    assert json.loads(own["vocabulary"]) == list(OTHERS)
    assert Relabeller(other, "").relabel(labelled, tmp_path / "new.mcap") is None
    with pytest.raises(BagError, match="is of other words or results"):
        Relabeller(model, "").relabel(labelled, tmp_path / "new.mcap")


def test_embeddings_of_another_run_are_refused(model, labelled, tmp_path):
    bag = write_recorded_bag(tmp_path / "bag", 2)
    own = settings("/camera/image_raw", model=model.settings, keep_embeddings=True)
    BagLabeller(model, own, "").label(bag, tmp_path / "short_labels.mcap")
    (tmp_path / "mixed_labels.mcap").write_bytes(labelled.read_bytes())
    (tmp_path / "mixed_labels.embeddings").write_bytes((tmp_path / "short_labels.embeddings").read_bytes())
    with pytest.raises(BagError, match="has fewer images than mixed_labels.mcap"):
        Relabeller(model, "").relabel(tmp_path / "mixed_labels.mcap", tmp_path / "new.mcap")
    assert not list(tmp_path.glob("new.mcap*"))  # nor a part of it


def run(*arguments):
    command = [sys.executable, "-m", "eovseg_ros.bags.program", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=120)


@pytest.mark.slow
def test_the_command(tmp_path):
    bag = write_recorded_bag(tmp_path / "bag", 3, depth=False)
    words = ["--vocabulary", "mug", "floor|stuff"]
    out = tmp_path / "out"
    done = run("label", bag, "--image-topic", "/camera/image_raw", "--out", out, "--keep-embeddings", *words)
    assert done.returncode == 0, done.stderr
    arguments = ["relabel", out, "--out", tmp_path / "new", "--vocabulary", "ball", "wall|stuff"]
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (0, "1 of 1 files relabelled, 3 frames\n"), done.stderr
    found, _ = read(tmp_path / "new/bag_labels.mcap")
    assert of(found, "/eovseg/vocabulary")[0].labels == ["ball", "wall"]
    assert run(*arguments).stdout == "1 of 1 files relabelled, 0 frames\n"
    (tmp_path / "other").mkdir()
    for folder, reason in (
        (tmp_path / "other", "has no results with embeddings: label the bags with --keep-embeddings"),
        (tmp_path / "none", "is no folder"),
    ):
        done = run("relabel", folder, "--out", tmp_path / "x", *words)
        assert done.returncode == 1 and reason in done.stderr
    done = run("relabel", out, "--out", out, *words)
    assert done.returncode == 1 and "--out must be another folder" in done.stderr
    done = run("relabel", out, "--out", bag / "metadata.yaml", *words)
    assert done.returncode == 2 and "relabel: error: --out " in done.stderr
    done = run("relabel", out, "--out", tmp_path / "x", "--threads", "0", *words)
    assert done.returncode == 2 and "argument --threads: must be at least 1, got 0" in done.stderr


def test_results_of_other_weights_are_refused(model, labelled, tmp_path):
    from safetensors.torch import save_file

    from eovseg_model.checkpoint import read_state_dict
    from eovseg_model.inference import DEMO_WEIGHTS
    from eovseg_ros.bags.embeddings.model_of_results import ModelsOfResults

    state = {name: tensor.clone() for name, tensor in read_state_dict(DEMO_WEIGHTS).items()}
    state["void_row.embedding"] += 1
    save_file(state, tmp_path / "other.safetensors")
    models = ModelsOfResults(["mug"], checkpoint=str(tmp_path / "other.safetensors"), device="cpu", threads=1)
    with pytest.raises(BagError, match="was made with other weights: give theirs with --checkpoint"):
        models.of(labelled)
    with pytest.raises(BagError, match="has no metadata of eovseg-bags label"):
        models.of(write_bag(tmp_path / "bag", []) / "bag.mcap")
