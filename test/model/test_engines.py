"""Engines give what the network gives, come from the cache when they can, and never hold up a frame."""

import threading

import pytest
import torch
from test_backends import assert_close, inputs, random_model

from eovseg_model.backends.engine_backend import EngineBackend
from eovseg_model.backends.engines.engine import EngineMaker
from eovseg_model.backends.engines.engine_cache import EngineCache
from eovseg_model.backends.loading import BackendError, load_backend


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
@torch.no_grad()
def test_engine_equals_the_plain_network(name, tmp_path, monkeypatch):
    pytest.importorskip(name)
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    model, arguments = random_model("tiny"), inputs("tiny", 1)
    expected = model(*arguments)
    backend = load_backend(name, model)
    assert_close(backend(*arguments), expected, 1e-5)  # torch serves
    backend.wait()
    assert backend.state == "ready"
    assert_close(backend(*arguments), expected, 1e-4)


def write_word(folder, word="engine"):
    (folder / "file").write_text(word)


def read_word(folder):
    return (folder / "file").read_text()


def test_cache_builds_once_and_anew_where_a_file_is_broken(tmp_path):
    built = []

    def build(folder):
        built.append(folder)
        write_word(folder)

    def get(*parts):
        return EngineCache(tmp_path).get(parts, build, read_word)

    assert get("weights", "1.0") == get("weights", "1.0") == "engine"
    assert len(built) == 1
    next(tmp_path.glob("engines/*/file")).write_text("half an eng")
    assert get("weights", "1.0") == "engine" and len(built) == 2
    assert get("weights", "2.0") == "engine" and len(built) == 3


def test_cache_builds_anew_what_does_not_load(tmp_path):
    words = iter(["stale", "fresh"])

    def load(folder):
        if read_word(folder) == "stale" and load.strict:
            raise RuntimeError("another version wrote this")
        return read_word(folder)

    def get():
        return EngineCache(tmp_path).get(("key",), lambda folder: write_word(folder, next(words)), load)

    load.strict = False
    assert get() == "stale"
    load.strict = True
    assert get() == "fresh"


def test_failed_build_leaves_nothing(tmp_path):
    def build(folder):
        write_word(folder)
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        EngineCache(tmp_path).get(("key",), build, read_word)
    assert [path.suffix for path in (tmp_path / "engines").iterdir()] == [".lock"]


def test_two_builders_build_once(tmp_path):
    built = []

    def get():
        EngineCache(tmp_path).get(("key",), lambda f: (built.append(f), write_word(f)), read_word)

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def fake_backend(model, folder, build, engine=None):
    maker = EngineMaker("fake", "1", build, lambda folder: engine)
    return EngineBackend(
        model=model,
        maker=maker,
        weights="w",
        precision="fp32",
        cache=EngineCache(folder),
        torch_backend=model,
    )


def test_torch_serves_while_a_slow_engine_is_built(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)
    release, shapes, used = threading.Event(), [], []

    def build(model, shape, folder):
        shapes.append(shape)
        release.wait()
        write_word(folder)

    def engine(images, rows, groups, penalty, seen):
        used.append(rows.shape)
        return tuple(torch.zeros(1, 2, rows.shape[0] + 1) for _ in range(3))

    backend = fake_backend(model, tmp_path, build, engine)
    for _ in range(2):
        assert_close(backend(*arguments), model(*arguments), 1e-6)
        assert backend.state.startswith("building for")
    release.set()
    backend.wait()
    assert backend.state == "ready"
    assert backend(*arguments).class_logits.shape == (1, 2, 4)
    images, text, seen = arguments
    shorter = text._replace(rows=text.rows[:4], groups=torch.tensor([[0], [1]]).expand(2, 3))
    backend(images, shorter, seen[:2])  # another vocabulary: the same engine
    assert len(shapes) == 1 and len(used) == 2


def test_torch_serves_on_where_a_build_fails(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)

    def build(model, shape, folder):
        raise RuntimeError("no converter for aten.foo")

    backend = fake_backend(model, tmp_path, build)
    backend(*arguments)
    backend.wait()
    assert_close(backend(*arguments), model(*arguments), 1e-6)
    assert backend.state == "failed, torch serves: RuntimeError: no converter for aten.foo"


def test_what_cannot_be_had_is_one_clear_error():
    model = random_model("tiny")
    with pytest.raises(BackendError, match="there are: auto, torch, compile, openvino"):
        load_backend("cuda", model)
    with pytest.raises(BackendError, match="onnxruntime has no precision 'bf16'; it has: fp32"):
        load_backend("onnxruntime", model, "bf16")
    with pytest.raises(BackendError, match="needs an NVIDIA GPU"):
        load_backend("tensorrt", model)
