"""What torch-tensorrt is asked for, and one clear error without it; nothing here builds an engine."""

import importlib.util
import sys
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

from eovseg_model.backends import tensorrt_engine
from eovseg_model.backends.engines.captured_engine import CapturedEngine
from eovseg_model.export.program import export_program
from eovseg_model.export.text_padding import TextShape
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS


def test_error_names_the_missing_packages(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(tensorrt_engine.TensorRTError, match="torch_tensorrt and tensorrt.*pip install"):
        tensorrt_engine.load(tmp_path / "engine")


def test_error_names_the_missing_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(tensorrt_engine.TensorRTError, match="NVIDIA GPU"):
        tensorrt_engine.load(tmp_path / "engine")


@pytest.fixture
def program():
    with torch.device("meta"):
        model = build_model(CONFIGS["tiny"])
    return export_program(model, (64, 64), TextShape(4, 1))


def test_unknown_precision_is_refused(program, tmp_path):
    with pytest.raises(ValueError, match="precision 'int8'"):
        tensorrt_engine.build(program, tmp_path / "engine", "int8")


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_what_torch_tensorrt_is_asked_for(precision, program, monkeypatch, tmp_path):
    calls = {}
    stand_in = SimpleNamespace(
        dynamo=SimpleNamespace(compile=lambda program, **options: calls.update(options) or program),
        save=lambda compiled, path, arg_inputs: calls.update(saved=(compiled, path)),
    )
    monkeypatch.setitem(sys.modules, "torch_tensorrt", stand_in)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device", nullcontext)
    tensorrt_engine.build(program, tmp_path / "engine", precision)
    assert calls["saved"] == (program, str(tmp_path / "engine"))
    shapes = [tuple(i.shape) for i in calls["arg_inputs"]]
    assert shapes == [(1, 3, 64, 64), (4, 96), (4, 1), (4,), (4,)]
    assert calls["device"] == torch.device("meta")  # the program's own
    assert calls["immutable_weights"] and calls["disable_tf32"] == (precision == "fp32")
    halves = [n for n in program.graph.nodes if n.kwargs.get("dtype") == torch.float16]
    assert bool(halves) == (precision == "fp16")


class FakeStream:
    """Notes what is asked of a CUDA stream, and of events and graphs on it."""

    def __init__(self, notes):
        self.notes = notes

    def wait_event(self, event):
        self.notes.append("wait")


def test_an_engine_warms_up_is_recorded_once_and_replayed(monkeypatch):
    """A graph computes into the buffers of its recording, from the values that its inputs have then."""
    notes = []

    recorded = {}

    def network(*inputs):
        notes.append("run")
        recorded.update(inputs=inputs, outputs=tuple(value + 1 for value in inputs[:3]))
        return recorded["outputs"]

    class Graph:
        def replay(self):
            notes.append("replay")
            for output, value in zip(recorded["outputs"], recorded["inputs"], strict=False):
                output.copy_(value + 1)

    class Recording(nullcontext):
        def __init__(self, graph, pool, stream, capture_error_mode):
            super().__init__()
            notes.append(f"record {capture_error_mode}")

    monkeypatch.setattr("torch.cuda.CUDAGraph", Graph)
    monkeypatch.setattr("torch.cuda.graph", Recording)
    monkeypatch.setattr("torch.cuda.graph_pool_handle", lambda: "pool")
    monkeypatch.setattr("torch.cuda.Stream", lambda device: FakeStream(notes))
    monkeypatch.setattr("torch.cuda.current_stream", lambda device: FakeStream(notes))
    monkeypatch.setattr(
        "torch.cuda.Event", lambda: SimpleNamespace(record=lambda stream: notes.append("done"))
    )
    engine = CapturedEngine(network)
    results = [engine(*(torch.tensor([float(number)]) for _ in range(5))) for number in (1, 2, 3)]
    assert [[float(part) for part in result] for result in results] == [[2.0] * 3, [3.0] * 3, [4.0] * 3]
    first, second = ["wait", "record thread_local", "run"], ["wait"]
    assert notes == ["run", *first, "replay", "done", *second, "replay", "done"]


def test_loading_changes_no_switch_of_the_process(monkeypatch, tmp_path):
    loaded = []
    program = SimpleNamespace(module=lambda: "network")
    stand_in = SimpleNamespace(load=lambda path: loaded.append(path) or program)  # has no runtime module
    monkeypatch.setitem(sys.modules, "torch_tensorrt", stand_in)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.Event", lambda: None)
    monkeypatch.setattr("torch.cuda.graph_pool_handle", lambda: None)
    assert isinstance(tensorrt_engine.load(tmp_path / "engine"), CapturedEngine)
    assert loaded == [str(tmp_path / "engine")]
