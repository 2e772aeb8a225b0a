"""Calls of sizes that need not come again, and batches: the engines they use and those they leave alone."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from test_backends import assert_close, inputs, random_model
from test_engines import differs, engine_of, fake_backend, wait_for_engines, write_file

from eovseg_model.backends.backend import run_once
from eovseg_model.backends.engine_backend import MOST_SIZES
from eovseg_model.backends.loading import load_backend
from eovseg_model.backends.names import BackendError
from eovseg_model.backends.status import EngineStage
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.text.classification import TextEmbeddings


@pytest.fixture
def ready(tmp_path):
    """A model, inputs, a backend whose engine for them is ready, and the shapes of all engines it built."""
    model, arguments, built = random_model("tiny"), inputs("tiny", 1), []

    def build(model, shape, folder):
        built.append((shape.batch, shape.height, shape.width))
        write_file(model, shape, folder)

    backend = fake_backend(model, tmp_path, build, engine_of(model))
    for _ in range(2):
        backend(*arguments)
        wait_for_engines(backend)
    assert backend.status.stage is EngineStage.READY
    return model, arguments, backend, built


def test_a_one_off_uses_an_engine_that_is_ready(ready):
    model, arguments, backend, built = ready
    assert differs(run_once(backend, *arguments), model(*arguments))
    assert built == [(1, 64, 96)]


def test_one_offs_of_other_sizes_are_torchs_and_build_nothing(ready):
    model, (_, text, seen), backend, built = ready
    before, status = dict(backend._engines), backend.status
    for width in range(32, 32 * (MOST_SIZES + 3), 32):
        images = torch.randn(1, 3, 32, width)
        assert_close(run_once(backend, images, text, seen), model(images, text, seen), 1e-6)
    wait_for_engines(backend)
    assert list(backend._engines.items()) == list(before.items()) and built == [(1, 64, 96)]
    assert backend.status == status


def test_a_one_off_of_another_vocabulary_is_torchs(ready):
    model, (images, _, _), backend, built = ready
    for names in (100, 2048):  # of another engine, and beyond all engines
        embeddings = torch.nn.functional.normalize(torch.randn(names, 96), dim=-1)
        text, seen = TextEmbeddings(embeddings, torch.arange(names)[:, None]), torch.zeros(names, dtype=bool)
        assert_close(run_once(backend, images, text, seen), model(images, text, seen), 1e-6)
    assert backend.status.stage is EngineStage.READY and built == [(1, 64, 96)]


def test_a_one_off_neither_waits_for_an_engine_nor_checks_it(tmp_path):
    model, arguments, used = random_model("tiny"), inputs("tiny", 1), []

    def engine(images, *rest):
        used.append(images)
        return engine_of(model)(images, *rest)

    backend = fake_backend(model, tmp_path, write_file, engine)
    assert backend.status.stage is EngineStage.WAITING
    run_once(backend, *arguments)
    assert backend.status.stage is EngineStage.WAITING and not backend._engines
    backend(*arguments)
    wait_for_engines(backend)
    used.clear()
    assert not differs(run_once(backend, *arguments), model(*arguments))
    assert not used and backend.status.stage is EngineStage.BUILDING


def test_a_one_off_does_not_keep_an_engine_from_being_dropped(ready):
    """It does not count as use: the least recently used one is that of the stream's oldest size."""
    _, (images, text, seen), backend, _ = ready
    for width in range(32, 32 * MOST_SIZES, 32):
        backend(torch.zeros(1, 3, 32, width), text, seen)
        run_once(backend, images, text, seen)
    assert len(backend._engines) == MOST_SIZES
    backend(torch.zeros(1, 3, 32, 32 * MOST_SIZES), text, seen)
    assert (64, 96) not in {(shape.height, shape.width) for shape in backend._engines}
    wait_for_engines(backend)


def test_an_engine_that_breaks_in_a_one_off_stays_with_the_stream(tmp_path):
    model, arguments, broken = random_model("tiny"), inputs("tiny", 1), []

    def engine(*given):
        if broken:
            raise RuntimeError("out of memory")
        return engine_of(model)(*given)

    backend = fake_backend(model, tmp_path, write_file, engine)
    for _ in range(2):
        backend(*arguments)
        wait_for_engines(backend)
    broken.append(True)
    assert_close(run_once(backend, *arguments), model(*arguments), 1e-6)
    assert backend.status.stage is EngineStage.READY
    broken.clear()
    assert differs(backend(*arguments), model(*arguments))


def test_a_one_off_of_a_patient_backend_is_torchs_too(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)
    backend = fake_backend(model, tmp_path, lambda *_: 1 / 0, patient=True)
    assert_close(run_once(backend, *arguments), model(*arguments), 1e-6)
    with pytest.raises(BackendError):
        backend(*arguments)


def test_the_predictor_passes_one_offs_on(ready):
    model, _, backend, built = ready
    predictor = EOVSegPredictor(model, ["mug", "wall|stuff"], backend=backend)
    status = predictor.backend_status
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    found = predictor(picture, short_side=-1, vocabulary=predictor.encode(["duck"]), one_off=True)
    assert found.label_image.shape == (40, 50) and found.vocabulary.labels == ("duck",)
    assert predictor.backend_status == status and built == [(1, 64, 96)]
    predictor(picture, short_side=-1)
    wait_for_engines(backend)
    assert built == [(1, 64, 96), (1, 64, 64)]
    plain = EOVSegPredictor(model, ["mug"])  # without a backend
    assert plain(picture, one_off=True).label_image.shape == (40, 50)


def test_a_batch_has_an_engine_of_its_own(ready):
    """Beside that of single images, which stays."""
    model, arguments, backend, built = ready
    both = inputs("tiny", 2)
    for _ in range(2):
        backend(*both)
        wait_for_engines(backend)
    assert differs(backend(*both), model(*both)) and differs(backend(*arguments), model(*arguments))
    assert built == [(1, 64, 96), (2, 64, 96)]


def test_any_number_of_images_is_run_by_engines_of_powers_of_two(tmp_path):
    model, (_, text, seen), ran = random_model("tiny"), inputs("tiny", 1), []

    def engine(images, *rest):
        ran.append(len(images))
        return engine_of(model)(images, *rest)

    backend = fake_backend(model, tmp_path, write_file, engine, patient=True)
    images = torch.randn(7, 3, 32, 64)
    for _ in range(2):
        ran.clear()
        found = backend(images, text, seen)
    assert ran == [4, 2, 1]
    expected = model(images, text, seen)
    assert differs(found, expected)
    assert_close(found, expected, 2e-3)
    assert [shape.batch for shape in backend._engines] == [4, 2, 1]


def test_engines_of_batches_stay_with_those_of_single_images(tmp_path):
    """Of five image sizes in batches of 1, 2 and 4, the engines of the last four stay."""
    model, (_, text, seen) = random_model("tiny"), inputs("tiny", 1)
    backend = fake_backend(model, tmp_path, write_file, engine_of(model))
    for width in (32, 64, 96, 128, 160):
        for batch in (1, 2, 4):
            backend(torch.zeros(batch, 3, 32, width), text, seen)
    assert [(shape.width, shape.batch) for shape in backend._engines] == [
        (width, batch) for width in (64, 96, 128, 160) for batch in (1, 2, 4)
    ]
    wait_for_engines(backend)


def test_the_error_of_an_engine_for_a_batch_says_so(tmp_path):
    model, both = random_model("tiny"), inputs("tiny", 2)
    backend = fake_backend(model, tmp_path, write_file, engine_of(model, factor=2.0))
    for _ in range(2):
        backend(*both)
        wait_for_engines(backend)
    assert "fake fp32 engine for 2 images of 64x96 differs from torch" in backend.status.error


@pytest.mark.slow
@pytest.mark.parametrize("name", ["openvino", "onnxruntime", "compile"])
@torch.no_grad()
def test_an_engine_for_a_batch_equals_the_plain_network(name, tmp_path, monkeypatch):
    if name != "compile":
        pytest.importorskip(name)
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    model, both = random_model("tiny"), inputs("tiny", 2)
    expected = model(*both)
    backend = load_backend(name, model, patient=True, parallel_calls=2)
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda _: backend(*both), range(4)):
            assert_close(found, expected, 1e-4)
    assert backend.status.serving == name
