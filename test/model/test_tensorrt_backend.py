"""What torch-tensorrt is asked for; a stand-in takes its place, since it needs a GPU."""

import sys
from types import SimpleNamespace

import pytest
import torch

from eovseg_model.backends.tensorrt_backend import TensorRTUnavailableError, build, load
from eovseg_model.backends.text_padding import TextShape
from eovseg_model.build import build_model
from eovseg_model.config import CONFIGS
from eovseg_model.export.program import export_program


@pytest.fixture
def program():
    with torch.device("meta"):
        model = build_model(CONFIGS["tiny"])
    return export_program(model, (64, 64), TextShape(4, 1))


@pytest.fixture
def stand_in(monkeypatch):
    calls = {}

    def compiled(program, **options):
        calls["compile"] = (program, options)
        return "compiled"

    module = SimpleNamespace(
        dynamo=SimpleNamespace(compile=compiled),
        save=lambda *arguments, **options: calls.update(save=(arguments, options)),
        load=lambda path: SimpleNamespace(module=lambda: lambda *inputs: inputs[:3]),
        runtime=SimpleNamespace(set_cudagraphs_mode=lambda mode: calls.update(cuda_graphs=mode)),
    )
    monkeypatch.setitem(sys.modules, "torch_tensorrt", module)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    return calls


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_build_compiles_the_program_and_saves_it(precision, program, stand_in, tmp_path):
    build(program, tmp_path / "engine.pt2", precision)
    compiled, options = stand_in["compile"]
    assert compiled is program
    assert [tuple(i.shape) for i in options.pop("arg_inputs")] == [
        (1, 3, 64, 64),
        (4, 96),
        (4, 1),
        (4,),
        (4,),
    ]
    assert options == {"immutable_weights": True, "disable_tf32": precision == "fp32"}
    halves = [n for n in program.graph.nodes if n.kwargs.get("dtype") == torch.float16]
    assert bool(halves) == (precision == "fp16")
    arguments, options = stand_in["save"]
    assert arguments == ("compiled", str(tmp_path / "engine.pt2"))
    assert options["output_format"] == "exported_program"


def test_load_replays_and_gives_results_of_its_own(stand_in, tmp_path):
    engine, inputs = load(tmp_path / "engine.pt2"), [torch.ones(2) for _ in range(5)]
    assert stand_in["cuda_graphs"] is True
    outputs = engine(*inputs)
    assert all(torch.equal(a, b) and a is not b for a, b in zip(outputs, inputs[:3], strict=True))


def test_what_is_missing_is_named(stand_in, program, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TensorRTUnavailableError, match="NVIDIA GPU"):
        load(tmp_path / "engine.pt2")
    monkeypatch.setitem(sys.modules, "torch_tensorrt", None)
    with pytest.raises(TensorRTUnavailableError, match="pip install torch-tensorrt"):
        build(program, tmp_path / "engine.pt2")
