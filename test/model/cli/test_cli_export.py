"""`eovseg export`, called as a user calls it."""

import sys

import pytest

from eovseg_model.cli.main import main


def export(fmt, out, *more):
    size = ["--size", "64x96", "--text-embeddings", "8", "--synonyms", "2"]
    return main(["export", fmt, "--variant", "tiny", *size, *more, "--out", str(out)])


@pytest.mark.parametrize("precision", ["fp32", pytest.param("fp16", marks=pytest.mark.slow)])
def test_onnx(precision, tmp_path):
    onnx = pytest.importorskip("onnx")
    assert export("onnx", tmp_path / "tiny.onnx", "--precision", precision) == 0
    graph = onnx.load(tmp_path / "tiny.onnx").graph
    shapes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.input}
    assert shapes == {
        "images": [1, 3, 64, 96],
        "text_embeddings": [8, 96],
        "groups": [8, 2],
        "penalty": [8],
        "seen": [8],
    }
    assert [o.name for o in graph.output] == ["class_logits", "mask_logits", "final_class_logits"]


def test_openvino(tmp_path):
    pytest.importorskip("openvino")
    assert export("openvino", tmp_path / "tiny.xml") == 0
    assert {p.name for p in tmp_path.iterdir()} == {"tiny.xml", "tiny.bin"}


@pytest.mark.parametrize(
    ("fmt", "name", "package"),
    [
        ("onnx", "a.onnx", "onnxscript"),
        ("openvino", "a.xml", "openvino"),
        ("tensorrt", "a.pt2", "torch_tensorrt"),
    ],
)
def test_a_missing_package_is_named(fmt, name, package, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    assert export(fmt, tmp_path / name) == 2
    error = capsys.readouterr().err
    assert "pip install" in error and package.replace("_", "-") in error


def test_mistakes(tmp_path, capsys):
    assert export("onnx", tmp_path / "a.xml") == 2
    assert ".onnx" in capsys.readouterr().err
    assert export("onnx", tmp_path / "none" / "a.onnx") == 2
    assert export("onnx", tmp_path / "a.onnx", "--text-embeddings", "1") == 2
    assert export("onnx", tmp_path / "a.onnx", "--checkpoint", str(tmp_path / "absent.pth")) == 2
    assert list(tmp_path.iterdir()) == []
