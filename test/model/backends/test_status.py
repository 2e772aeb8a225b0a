"""The status of a backend, and that frames in other threads never tear it."""

import sys

import pytest
import torch
from test_backends import inputs, random_model
from test_engines import engine_of, fake_backend, wait_for_engines, write_file

from eovseg_model.backends import engine_backend
from eovseg_model.backends.engines import background_build
from eovseg_model.backends.loading import backend_status, load_backend
from eovseg_model.backends.status import BackendStatus, EngineStage
from eovseg_model.network.eovseg import EOVSegOutput
from eovseg_model.network.text.classification import TextEmbeddings


def test_backends_without_engines_serve_themselves():
    model = random_model("tiny")
    reference = BackendStatus(backend="reference", precision="fp32", serving="reference")
    assert backend_status(load_backend("reference", model)) == reference
    torch_ = BackendStatus(backend="torch", precision="fp32", serving="torch")
    assert backend_status(load_backend("torch", model)) == torch_


def test_an_engine_goes_from_waiting_to_ready_and_keeps_the_time_that_it_took(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)
    backend = fake_backend(model, tmp_path, write_file, engine_of(model))
    assert (backend.status.stage, backend.status.build_seconds) == (EngineStage.WAITING, 0.0)
    backend(*arguments)
    wait_for_engines(backend)
    assert backend.status.stage is EngineStage.BUILDING  # until a frame was compared
    backend(*arguments)
    ready = backend_status(backend)
    assert (ready.stage, ready.serving, ready.error) == (EngineStage.READY, "fake", "")
    assert ready.build_seconds > 0 and ready == backend.status


def test_nothing_serves_where_a_patient_backend_has_no_engine(tmp_path):
    model, arguments = random_model("tiny"), inputs("tiny", 1)
    backend = fake_backend(model, tmp_path, lambda model, shape, folder: 1 / 0, patient=True)
    with pytest.raises(ValueError, match="has no engine"):
        backend(*arguments)
    assert (backend.status.stage, backend.status.serving) == (EngineStage.FAILED, "")


def test_a_frame_between_any_two_steps_of_reading_does_not_tear_the_status(tmp_path):
    """A frame that another thread serves is put before each bytecode of the reading in turn."""
    model, (images, text, seen) = random_model("tiny"), inputs("tiny", 1)
    backend = fake_backend(model, tmp_path, write_file, zeros)
    backend._torch = agree_with_zeros
    large = torch.nn.functional.normalize(torch.randn(2048, 96), dim=-1)
    many = TextEmbeddings(large, torch.arange(2048)[:, None]), torch.zeros(2048, dtype=torch.bool)

    def too_large():
        backend(images, *many)

    def breaks():
        backend._last.fail(RuntimeError("out of memory"))

    for event, after in ((too_large, EngineStage.TOO_LARGE), (breaks, EngineStage.FAILED)):
        step, seen_stages, happened = 0, set(), True
        while happened:
            backend._engines.clear()
            backend(images, text, seen)
            wait_for_engines(backend)
            backend(images, text, seen)
            assert backend.status.stage is EngineStage.READY
            status, happened = read_with(event, backend, step)
            error = "RuntimeError: out of memory" if status.stage is EngineStage.FAILED else ""
            serving = "fake" if status.stage is EngineStage.READY else "torch"
            assert (status.error, status.serving) == (error, serving)
            seen_stages.add(status.stage)
            step += 1
        assert step > 10 and seen_stages == {EngineStage.READY, after}


def agree_with_zeros(images, text, seen):
    classes = torch.zeros(1, 2, len(seen) + 1)
    rest = torch.zeros(1, 2, 65)
    return EOVSegOutput(classes, rest, classes, rest, rest)


def zeros(images, text_embeddings, groups, penalty, seen):
    return tuple(torch.zeros(1, 2, text_embeddings.shape[0] + 1) for _ in EOVSegOutput._fields)


def read_with(event, backend, step):
    """The status, and whether the reading had so many bytecodes that the event came."""
    files = {engine_backend.__file__, background_build.__file__}
    count = 0

    def trace(frame, kind, argument):
        nonlocal count
        if frame.f_code.co_filename not in files:
            return None
        frame.f_trace_opcodes = True
        if kind == "opcode":
            if count == step:
                sys.settrace(None)
                event()
                sys.settrace(trace)
            count += 1
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 heeds it only before settrace
    sys.settrace(trace)
    try:
        status = backend.status
    finally:
        sys.settrace(before)
    return status, count > step
