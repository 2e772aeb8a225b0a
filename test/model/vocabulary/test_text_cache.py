"""Encoded text on disk: found again, shared, and never trusted when it is damaged."""

import multiprocessing
import sqlite3

import pytest
import torch

from eovseg_model.checkpoint.hashing import hash_weights
from eovseg_model.checkpoint.loading import save_weights
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.vocabulary.text_cache import TextCache


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(build_model(CONFIGS["tiny"]), path, {}, torch.float16)
    return path


@pytest.fixture
def cache_file(tmp_path, monkeypatch):
    """Puts the cache into tmp_path; returns a function that finds its one file."""
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    return lambda: next((tmp_path / "text").glob("*.sqlite"))


def encode_counting(weights, names, monkeypatch):
    """Text embeddings of names with a new predictor, and the names that its text tower was asked for."""
    predictor = EOVSegPredictor.from_checkpoint("tiny", weights, [names[0]], device="cpu")
    asked, tower = [], predictor.model.text_encoder.forward
    monkeypatch.setattr(predictor.model.text_encoder, "forward", lambda n: asked.extend(n) or tower(n))
    return predictor.encode(names).text.embeddings, asked


def test_a_name_is_encoded_once(weights, cache_file, monkeypatch):
    names = ["mug", "robot arm", "floor"]
    first, asked = encode_counting(weights, names, monkeypatch)
    assert asked == ["robot arm", "floor"]  # mug came with the predictor
    second, asked = encode_counting(weights, names, monkeypatch)
    assert asked == [] and torch.equal(first, second)


def test_a_damaged_entry_is_a_miss(weights, cache_file, monkeypatch):
    names = ["mug", "robot arm", "floor"]
    first, _ = encode_counting(weights, names, monkeypatch)
    with sqlite3.connect(cache_file()) as database:
        database.execute("UPDATE rows SET row = zeroblob(384) WHERE name = 'floor'")
        database.execute("UPDATE rows SET row = 'text' WHERE name = 'robot arm'")
    again, asked = encode_counting(weights, names, monkeypatch)
    assert asked == ["robot arm", "floor"] and torch.equal(first, again)
    assert encode_counting(weights, names, monkeypatch)[1] == []


@pytest.mark.parametrize(
    "content", [b"", b"no database at all, but long enough to be read as one" * 100], ids=["empty", "text"]
)
def test_a_damaged_file_is_begun_anew(weights, cache_file, monkeypatch, content):
    names = ["mug", "floor"]
    first, _ = encode_counting(weights, names, monkeypatch)
    cache_file().write_bytes(content)
    again, asked = encode_counting(weights, names, monkeypatch)
    assert asked == ["floor"] and torch.equal(first, again)
    assert encode_counting(weights, names, monkeypatch)[1] == []


def test_a_folder_that_cannot_be_written_costs_only_the_cache(weights, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path / "file"))
    assert encode_counting(weights, ["mug", "floor"], monkeypatch)[0].shape == (2, 96)


def _write_fifty(folder, start):
    cache = TextCache(folder, "a" * 64)
    for i in range(start, start + 50):
        cache.write({f"name {i}": torch.full((8,), float(i))})


def test_two_processes_write_one_file(tmp_path):
    fork = multiprocessing.get_context("fork")  # `spawn` would import torch twice
    writers = [fork.Process(target=_write_fifty, args=(tmp_path, start)) for start in (0, 50)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = TextCache(tmp_path, "a" * 64).read([f"name {i}" for i in range(100)])
    assert sorted(int(embedding[0]) for embedding in found.values()) == list(range(100))


def test_other_weights_have_another_file(tmp_path):
    TextCache(tmp_path, "a" * 64).write({"mug": torch.zeros(4)})
    assert TextCache(tmp_path, "b" * 64).read(["mug"]) == {}
    assert hash_weights({"w": torch.zeros(2)}) != hash_weights({"w": torch.tensor([0.0, 1.0])})
    assert hash_weights({"w": torch.zeros(2)}) != hash_weights({"v": torch.zeros(2)})
    assert hash_weights({"w": torch.zeros(2)}) == hash_weights({"w": torch.zeros(2)})


def test_second_start_with_many_classes_asks_the_tower_nothing(weights, cache_file, monkeypatch):
    names = [f"thing {i}" for i in range(200)]
    encode_counting(weights, names, monkeypatch)
    embeddings, asked = encode_counting(weights, names, monkeypatch)
    assert asked == [] and embeddings.shape == (200, 96)


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("attempt to write a readonly database"),
        OSError(28, "No space left on device"),
        PermissionError(13, "Permission denied"),
    ],
)
def test_a_cache_that_cannot_be_written_is_told_once_and_not_tried_again(
    tmp_path, monkeypatch, caplog, error
):
    cache = TextCache(tmp_path, "0" * 64)
    tried = []

    def fail():
        tried.append(1)
        raise error

    monkeypatch.setattr(cache, "_connect", fail)
    for number in range(20):
        cache.write({f"name {number}": torch.ones(4)})
    assert len(tried) == 1
    assert [str(error) in record.getMessage() for record in caplog.records] == [True]


def test_a_damaged_cache_that_cannot_be_deleted_is_a_miss_and_told_once(tmp_path, monkeypatch, caplog):
    cache = TextCache(tmp_path, "0" * 64)
    cache.path.parent.mkdir()
    cache.path.write_bytes(b"no database, but long enough to be taken for one " * 50)

    def refuse(self, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(cache.path), "unlink", refuse)
    for _ in range(3):
        assert cache.read(["mug"]) == {}
    assert len(caplog.records) == 1


def test_a_cache_that_may_not_be_looked_at_is_a_miss_and_told_once(tmp_path, monkeypatch, caplog):
    cache = TextCache(tmp_path, "0" * 64)

    def refuse(self, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(cache.path), "exists", refuse)
    for _ in range(3):
        assert cache.read(["mug"]) == {}
    assert len(caplog.records) == 1
