"""`eovseg export`, called as a user calls it."""

import json
import sys
from types import SimpleNamespace

import pytest

from eovseg_model.cli import export as export_command
from eovseg_model.cli.main import build_parser, main
from eovseg_model.export import EngineBuildError


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
    assert [o.name for o in graph.output] == [
        "class_logits",
        "mask_logits",
        "final_class_logits",
        "object_kernels",
        "class_embeddings",
    ]


@pytest.mark.slow
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
        ("tensorrt-rtx", "a.rtx", "tensorrt_rtx"),
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
    for fmt in ("onnx", "openvino", "tensorrt"):
        assert main(["export", fmt, "--variant", "tiny"]) == 2
        assert "--out is missing" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (256, 8)),
        (["--text-embeddings", "100", "--synonyms", "3"], (100, 3)),
        (["--synonyms", "1"], (256, 1)),
        (["--vocabulary", "mug,cup", "floor|stuff"], (64, 2)),  # three names, and one embedding for padding
        (["--vocabulary", "@coco_panoptic"], (256, 4)),  # 177 names, at most four a class
        (["--vocabulary", "@ade20k_150"], (512, 16)),  # 310 names, at most ten a class
    ],
)
def test_sizes_of_the_text(arguments, expected):
    options = build_parser().parse_args(["export", "onnx", *arguments])
    assert export_command._text_shape(options) == expected


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--vocabulary", "mug", "--synonyms", "2"], "--vocabulary replaces"),
        (["--vocabulary", "@nothing"], "--vocabulary: unknown vocabulary @nothing"),
        (["--vocabulary", *(f"object {i}" for i in range(2048))], "2048 names"),
        (["--text-embeddings", "100"], "64, 128, 256, 512, 1024, 2048 text embeddings"),
        (["--synonyms", "3"], "1, 2, 4, 8, 16, 32, 64 synonyms"),
    ],
)
def test_sizes_that_no_backend_looks_for(arguments, error, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", SimpleNamespace())
    assert main(["export", "tensorrt-rtx", "--variant", "tiny", *arguments]) == 2
    assert error in capsys.readouterr().err


def test_tensorrt_rtx_to_a_file(tmp_path, capsys, monkeypatch):
    """With what is written beside it; test_tensorrt_rtx.py builds engines."""

    def write(program, file, precision, report):
        report("building the engine")
        file.write_bytes(precision.encode())

    monkeypatch.setitem(sys.modules, "tensorrt_rtx", SimpleNamespace(__version__="1.7"))
    monkeypatch.setattr("eovseg_model.backends.engines.tensorrt_rtx_maker.write_tensorrt_rtx", write)
    file = tmp_path / "tiny.rtx"
    assert export("tensorrt-rtx", file, "--precision", "fp16") == 0
    *steps, last = capsys.readouterr().out.splitlines()
    assert [step.partition("] ")[2] for step in steps] == ["exporting the network", "building the engine"]
    assert last == f"wrote {file}"
    assert file.read_bytes() == b"fp16"
    assert json.loads((tmp_path / "tiny.rtx.json").read_text())["tensorrt_rtx"] == "1.7"


def test_a_network_that_tensorrt_rtx_refuses_is_one_line(tmp_path, capsys, monkeypatch):
    def write(*_):
        raise EngineBuildError("TensorRT for RTX refuses the network: node a of operator B: unknown")

    monkeypatch.setitem(sys.modules, "tensorrt_rtx", SimpleNamespace(__version__="1.7"))
    monkeypatch.setattr("eovseg_model.backends.engines.tensorrt_rtx_maker.write_tensorrt_rtx", write)
    assert export("tensorrt-rtx", tmp_path / "tiny.rtx") == 2
    error = "eovseg: TensorRT for RTX refuses the network: node a of operator B: unknown\n"
    assert capsys.readouterr().err == error
    assert list(tmp_path.iterdir()) == []
