"""What an engine in the cache depends on: weights, graph, program, device, precision and sizes."""

import pytest
import torch
from test_backends import random_model

from eovseg_model.backends.engines import engine_key as module
from eovseg_model.backends.engines.engine import EngineMaker
from eovseg_model.backends.engines.engine_key import describe_weights, engine_key
from eovseg_model.backends.engines.shape import EMBEDDINGS, SYNONYMS, EngineShape, engine_text_shape
from eovseg_model.export import TextShape
from eovseg_model.network.text.classification import TextEmbeddings

CPU = torch.device("cpu")
SHAPE = EngineShape(1, 64, 96, TextShape(128, 2))


def maker(targets=""):
    return EngineMaker("onnx", "onnxruntime 1.2", lambda *_: None, lambda folder: None, targets)


def test_the_parts_of_a_key(monkeypatch):
    monkeypatch.setattr(module, "graph_fingerprint", lambda: "graph")
    weights, graph, precision, sizes = "weights", "graph", "bf16", "1x64x96, text 128x2"
    expected = (weights, graph, "onnx", "onnxruntime 1.2", "cpu", precision, sizes)
    assert engine_key(maker(), "weights", CPU, "bf16", SHAPE) == expected
    built_elsewhere = engine_key(maker("8.0 and later"), "weights", torch.device("cuda:0"), "bf16", SHAPE)
    assert built_elsewhere == (*expected[:4], "8.0 and later", *expected[5:])


def test_another_gpu_has_another_key(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"H{device.index}")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, device.index))
    key = engine_key(maker(), "weights", torch.device("cuda:1"), "bf16", SHAPE)
    assert key[4] == "cuda:1 H1 (9, 1)"


def test_weights_are_described_by_their_values_and_the_configuration():
    model = random_model("tiny")
    before = describe_weights(model)
    assert before == describe_weights(model) and before.startswith(f"{model.config} ")
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 1
    assert describe_weights(model) != before


@pytest.mark.parametrize(
    ("names", "synonyms", "shape"),
    [
        (1, 1, (64, 1)),
        (63, 1, (64, 1)),
        (64, 1, (128, 1)),  # one embedding is padding
        (127, 2, (128, 2)),
        (133, 3, (256, 4)),
        (2047, 64, (2048, 64)),
        (2048, 1, None),
        (1, 65, None),
    ],
)
def test_the_smallest_shape_of_a_vocabulary(names, synonyms, shape):
    assert engine_text_shape(names, synonyms) == shape


def test_shapes_double():
    assert EMBEDDINGS == tuple(64 * 2**i for i in range(6))
    assert SYNONYMS == tuple(2**i for i in range(7))


def test_the_shape_of_inputs():
    """70 names of 10 classes with up to 20 synonyms."""
    images = torch.zeros(2, 3, 64, 96)
    text = TextEmbeddings(torch.zeros(70, 8), torch.zeros(10, 20, dtype=torch.long))
    assert EngineShape.of(images, text) == (2, 64, 96, (128, 32))
    too_many = text._replace(embeddings=torch.zeros(2048, 8))
    assert EngineShape.of(images, too_many) is None
