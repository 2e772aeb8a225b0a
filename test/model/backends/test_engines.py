"""Engines give what the network gives, come from the cache when they can, and never hold up a frame."""

import copy
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from test_backends import assert_close, inputs, random_model

from eovseg_model.backends.engine_backend import EngineBackend
from eovseg_model.backends.engines.engine import EngineMaker
from eovseg_model.backends.engines.engine_cache import EngineCache
from eovseg_model.backends.loading import load_backend
from eovseg_model.backends.names import BackendError
from eovseg_model.backends.status import EngineStage
from eovseg_model.export.program import OUTPUT_NAMES
from eovseg_model.inference.preprocess import to_input
from eovseg_model.network.text.classification import TextEmbeddings

NOT_FINITE = "fake fp32 engine for 64x96 returned NaN or infinity (set backend torch to avoid this)"
ONE_NAN = torch.zeros(65).index_fill(0, torch.tensor(40), float("nan"))


def wait_for_engines(backend):
    for build in list(backend._engines.values()):
        build.wait()


def differs(found, expected):
    """Whether an engine of `engine_of` gave the outputs, not torch."""
    return float((found.class_logits - expected.class_logits).abs().max()) > 1e-4


def engine_of(model, factor=1.001):
    """An engine whose outputs differ from torch's by a thousandth."""

    def engine(images, text_embeddings, groups, penalty, seen):
        output = model(images, TextEmbeddings(text_embeddings, groups, penalty), seen)
        return tuple(factor * part for part in output)

    return engine


class SameProcess:
    """Stands in for a BuildRunner: the tests see what is built."""

    def build(self, maker, precision, model, shape, folder):
        maker.build(model, shape, folder)

    def close(self):
        pass


@pytest.mark.parametrize(
    "name", ["openvino", *(pytest.param(n, marks=pytest.mark.slow) for n in ("onnxruntime", "compile"))]
)
@torch.no_grad()
def test_engine_equals_the_plain_network(name, tmp_path, monkeypatch):
    if name != "compile":
        pytest.importorskip(name)
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    monkeypatch.setattr("eovseg_model.backends.loading.NICENESS", 0)  # other tests may keep all cores busy
    model, (_, text, seen) = random_model("tiny"), inputs("tiny", 1)
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    images = to_input(picture, torch.device("cpu")).contiguous(memory_format=torch.channels_last)
    expected = model(images, text, seen)
    backend = load_backend(name, model)
    assert_close(backend(images, text, seen), expected, 1e-5)  # torch serves
    untouched = torch.nn.Module.__call__
    while backend.status.stage is EngineStage.BUILDING:
        assert torch.nn.Module.__call__ is untouched  # torch.export replaces it while it runs
        time.sleep(0.1)
        assert_close(backend(images, text, seen), expected, 1e-4)
    assert backend.status.error == ""
    assert backend.status.stage is EngineStage.READY and backend.status.serving == name
    assert_close(backend(images, text, seen), expected, 1e-4)


@pytest.mark.parametrize(
    "name",
    ["torch", "openvino", *(pytest.param(n, marks=pytest.mark.slow) for n in ("onnxruntime", "compile"))],
)
@torch.no_grad()
def test_calls_at_the_same_time_do_not_mix(name, tmp_path, monkeypatch):
    if name in ("openvino", "onnxruntime"):
        pytest.importorskip(name)
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    model, (_, text, seen) = random_model("tiny"), inputs("tiny", 1)
    pictures = torch.randn(6, 1, 3, 64, 96)
    expected = [model(picture, text, seen) for picture in pictures]
    backend = load_backend(name, copy.deepcopy(model), patient=True, parallel_calls=2)
    with ThreadPoolExecutor(3) as pool:  # one more than there is room for
        found = list(pool.map(lambda picture: backend(picture, text, seen), pictures))
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, 1e-4)


def failure_of(backend):
    """Why there is no engine, where torch serves instead."""
    assert (backend.status.stage, backend.status.serving) == (EngineStage.FAILED, "torch")
    return backend.status.error


def write_word(folder, word="engine"):
    (folder / "file").write_text(word)


def write_file(model, shape, folder):
    write_word(folder)


def fake_backend(model, folder, build, engine=None, patient=False, precision="fp32"):
    maker = EngineMaker("fake", "1", build, lambda folder: engine)
    return EngineBackend(
        model=model,
        maker=maker,
        weights="w",
        precision=precision,
        cache=EngineCache(folder),
        runner=SameProcess(),
        torch_backend=model,
        patient=patient,
    )


def test_torch_serves_while_a_slow_engine_is_built(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)
    release, shapes, used = threading.Event(), [], []

    def build(model, shape, folder):
        shapes.append(shape)
        release.wait()
        write_word(folder)

    def engine(images, text_embeddings, *rest):
        used.append(text_embeddings.shape)
        return engine_of(model)(images, text_embeddings, *rest)

    backend = fake_backend(model, tmp_path, build, engine)
    expected = model(*arguments)
    for _ in range(2):
        assert_close(backend(*arguments), expected, 1e-6)
        status = backend.status
        assert (status.stage, status.serving) == (EngineStage.BUILDING, "torch")
        assert 0 < status.build_seconds < 60
    release.set()
    wait_for_engines(backend)
    assert backend.status.stage is EngineStage.BUILDING and len(used) == 1  # it was tried, but not compared
    assert differs(backend(*arguments), expected)
    assert backend.status.stage is EngineStage.READY and backend.status.serving == "fake"
    images, text, seen = arguments
    shorter = text._replace(embeddings=text.embeddings[:4], groups=torch.tensor([[0], [1]]).expand(2, 3))
    backend(images, shorter, seen[:2])  # another vocabulary: the same engine
    assert len(shapes) == 1 and len(used) == 3


@pytest.mark.parametrize(
    ("precision", "factor", "words"),
    [
        ("fp32", 1.009, ""),
        ("fp32", 1.011, ", ".join(f"{name} by 1.1%" for name in OUTPUT_NAMES) + " (at most 1%)"),
        ("bf16", 1.29, ""),
        ("bf16", 0.5, ", ".join(f"{name} by 50.0%" for name in OUTPUT_NAMES) + " (at most 30%)"),
        ("fp16", float("nan"), ", ".join(f"{name} by nan%" for name in OUTPUT_NAMES) + " (at most 30%)"),
    ],
)
def test_an_engine_serves_only_if_it_agrees_with_torch_on_a_frame(tmp_path, precision, factor, words):
    model, arguments, calls = random_model("tiny"), inputs("tiny", 1), []

    def engine(images, *rest):
        calls.append(images)
        return engine_of(model, factor if images.any() else 1.0)(images, *rest)  # right on a grey image

    backend = fake_backend(model, tmp_path, write_file, engine, precision=precision)
    backend(*arguments)
    wait_for_engines(backend)
    expected = model(*arguments)
    assert differs(backend(*arguments), expected) == (not words)
    if words:
        remedy = "backend torch" if precision == "fp32" else "precision fp32"
        assert failure_of(backend) == (
            f"fake {precision} engine for 64x96 differs from torch: {words} (set {remedy} to avoid this)"
        )
    assert differs(backend(*arguments), expected) == (not words)
    assert len(calls) == (2 if words else 3)  # once on a grey image


def test_one_thread_compares_an_engine_and_the_others_go_on_with_torch(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)
    comparing, release = threading.Event(), threading.Event()

    def engine(images, *rest):
        if images.any():
            comparing.set()
            assert release.wait(20)
        return engine_of(model)(images, *rest)

    backend = fake_backend(model, tmp_path, write_file, engine)
    expected = backend(*arguments)
    wait_for_engines(backend)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(backend, *arguments)
        assert comparing.wait(20)
        assert not differs(backend(*arguments), expected)
        release.set()
        assert differs(first.result(), expected)


def test_torch_serves_on_where_a_build_fails(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)

    def build(model, shape, folder):
        raise RuntimeError("no converter for aten.foo")

    backend = fake_backend(model, tmp_path, build)
    backend(*arguments)
    wait_for_engines(backend)
    assert_close(backend(*arguments), model(*arguments), 1e-6)
    assert failure_of(backend) == "RuntimeError: no converter for aten.foo"


@pytest.mark.parametrize(
    ("outputs", "reason"),
    [
        ([RuntimeError("no kernel for sm_999")], "RuntimeError: no kernel for sm_999"),
        ([0.0, float("nan"), 0.0], NOT_FINITE),
        ([0.0, 0.0, float("-inf")], NOT_FINITE),
        ([0.0, ONE_NAN, 0.0], NOT_FINITE),
    ],
)
def test_an_engine_that_loads_but_does_not_run_never_serves(tmp_path, outputs, reason):
    model, arguments = random_model("tiny"), inputs("tiny", 1)

    def engine(*_):
        if isinstance(outputs[0], Exception):
            raise outputs[0]
        return tuple(torch.zeros(1, 2, 65) + number for number in outputs)

    backend = fake_backend(model, tmp_path, write_file, engine)
    backend(*arguments)
    wait_for_engines(backend)
    assert failure_of(backend) == reason
    assert_close(backend(*arguments), model(*arguments), 1e-6)


def test_torch_serves_on_where_an_engine_breaks_later(tmp_path):
    model, arguments, calls = random_model("tiny"), inputs("tiny", 1), []

    def engine(*given):
        calls.append(given)
        if len(calls) == 3:
            raise RuntimeError("out of memory")
        return engine_of(model)(*given)

    backend = fake_backend(model, tmp_path, write_file, engine)
    backend(*arguments)
    wait_for_engines(backend)
    assert differs(backend(*arguments), model(*arguments))
    for _ in range(2):
        assert_close(backend(*arguments), model(*arguments), 1e-6)
        assert failure_of(backend) == "RuntimeError: out of memory"
    assert len(calls) == 3


def test_a_patient_backend_waits_and_never_lets_torch_answer(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)

    def build(model, shape, folder):
        threading.Event().wait(0.3)
        write_word(folder)

    slow = fake_backend(model, tmp_path / "a", build, engine_of(model), patient=True)
    assert differs(slow(*arguments), model(*arguments))
    broken = fake_backend(model, tmp_path / "b", lambda model, shape, folder: 1 / 0, patient=True)
    with pytest.raises(BackendError, match="fake fp32 has no engine: ZeroDivisionError"):
        broken(*arguments)
    wrong = fake_backend(model, tmp_path / "c", write_file, engine_of(model, 2.0), patient=True)
    with pytest.raises(BackendError, match="fake fp32 has no engine: fake fp32 engine for 64x96 differs"):
        wrong(*arguments)


def test_engines_that_are_no_longer_wanted_are_not_built(tmp_path):
    """Six sizes while the first is being built: the four newest stay, the second one's turn never comes."""
    model, (_, text, seen) = random_model("tiny"), inputs("tiny", 1)
    release, widths = threading.Event(), []

    def build(model, shape, folder):
        widths.append(shape.width)
        release.wait()
        write_word(folder)

    backend = fake_backend(model, tmp_path, build, engine_of(model))
    for width in (32, 64, 96, 128, 160, 192):
        backend(torch.zeros(1, 3, 32, width), text, seen)
        while not widths:  # the first has begun
            release.wait(0.01)
    release.set()
    wait_for_engines(backend)
    assert sorted(widths) == [32, 96, 128, 160, 192]


def test_a_cached_engine_is_loaded_while_another_one_is_built(tmp_path):
    model, (_, text, seen) = random_model("tiny"), inputs("tiny", 1)
    release = threading.Event()

    def build(model, shape, folder):
        if shape.width == 64:
            assert release.wait(20)
        write_word(folder)

    before = fake_backend(model, tmp_path, build, engine_of(model))
    before(torch.zeros(1, 3, 32, 96), text, seen)
    wait_for_engines(before)
    backend = fake_backend(model, tmp_path, build, engine_of(model))
    backend(torch.zeros(1, 3, 32, 64), text, seen)
    backend(torch.zeros(1, 3, 32, 96), text, seen)
    cached = list(backend._engines.values())[-1]
    cached.wait()
    backend(torch.zeros(1, 3, 32, 96), text, seen)
    assert backend.status.stage is EngineStage.READY
    backend(torch.zeros(1, 3, 32, 64), text, seen)
    assert backend.status.stage is EngineStage.BUILDING
    release.set()
    wait_for_engines(backend)


def test_a_vocabulary_beyond_all_engines_is_torchs(tmp_path):
    model, (images, _, _) = random_model("tiny"), inputs("tiny", 1)
    embeddings = torch.nn.functional.normalize(torch.randn(2048, 96), dim=-1)
    text, seen = TextEmbeddings(embeddings, torch.arange(2048)[:, None]), torch.zeros(2048, dtype=torch.bool)
    backend = fake_backend(model, tmp_path, write_word)
    assert backend(images, text, seen).class_logits.shape[-1] == 2049
    assert (backend.status.stage, backend.status.serving) == (EngineStage.TOO_LARGE, "torch")


def test_what_cannot_be_had_is_one_clear_error():
    model = random_model("tiny")
    with pytest.raises(BackendError, match="choose from: auto, torch, compile, openvino"):
        load_backend("cuda", model)
    with pytest.raises(
        BackendError, match="onnxruntime does not support precision 'bf16'; choose from: fp32"
    ):
        load_backend("onnxruntime", model, "bf16")
    with pytest.raises(BackendError, match="needs an NVIDIA GPU"):
        load_backend("tensorrt", model)
