"""Without TensorRT there is one clear error; nothing here builds an engine."""

import importlib.util

import pytest

from eovseg_model.backends import tensorrt_engine
from eovseg_model.backends.text_padding import TextShape
from eovseg_model.build import build_model
from eovseg_model.config import CONFIGS
from eovseg_model.export.program import export_program


def test_error_names_the_missing_packages(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(tensorrt_engine.TensorRTError, match="torch_tensorrt and tensorrt.*pip install"):
        tensorrt_engine.load(tmp_path / "engine")


def test_error_names_the_missing_gpu(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(tensorrt_engine.TensorRTError, match="NVIDIA GPU"):
        tensorrt_engine.load(tmp_path / "engine")


def test_unknown_precision_is_refused(tmp_path):
    program = export_program(build_model(CONFIGS["tiny"]), (32, 32), TextShape(4, 1))
    with pytest.raises(ValueError, match="precision 'fp16'"):
        tensorrt_engine.build(program, tmp_path / "engine", "fp16")
