"""Weights files: what loads, and what is said of one that does not."""

import pytest
import torch

from eovseg_model.build import build_model
from eovseg_model.checkpoint.loading import CheckpointError, read_state_dict, save_weights
from eovseg_model.config import CONFIGS
from eovseg_model.predictor import EOVSegPredictor


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return build_model(CONFIGS["tiny"])


def test_round_trip(tiny, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_weights(tiny, path, {"variant": "tiny"}, torch.float32)
    loaded = EOVSegPredictor.from_checkpoint("tiny", path, ["mug"], backend="plain").model
    for (name, a), (other, b) in zip(tiny.state_dict().items(), loaded.state_dict().items(), strict=True):
        assert name == other and torch.equal(a, b)
    assert [n for n, p in loaded.named_parameters() if p.requires_grad] == [
        n for n, p in tiny.named_parameters() if p.requires_grad
    ]


def test_published_file_is_read_without_unpickling(published_weights, parity_case, tmp_path):
    """A torch file with a "model" entry under published names gives the same network as the mapping."""
    path = tmp_path / "published.pth"
    torch.save({"model": published_weights("s", 0), "iteration": 200000}, path)
    loaded = EOVSegPredictor.from_checkpoint("s", path, ["mug"], backend="plain").model.state_dict()
    for name, value in parity_case("s_96x128", "plain").predictor.model.state_dict().items():
        assert torch.equal(loaded[name], value), name


def test_first_wrong_keys_are_named(tiny):
    weights = dict(tiny.state_dict())
    weights["decoder.object_kernels"] = torch.zeros(3, 64)
    weights["surprise"] = torch.zeros(1)
    del weights["void_row.embedding"]
    with pytest.raises(CheckpointError) as error:
        EOVSegPredictor.from_checkpoint("tiny", weights, ["mug"])
    for words in ("void_row.embedding", "surprise", r"decoder.object_kernels (3, 64), expected (24, 64)"):
        assert words in str(error.value)


def test_a_checkpoint_of_another_variant_is_refused(published_weights):
    with pytest.raises(CheckpointError, match="does not fit"):
        EOVSegPredictor.from_checkpoint("m", published_weights("s", 0), ["mug"])


@pytest.mark.parametrize("content", [b"", b"no weights at all"])
def test_unreadable_files(tmp_path, content):
    for name in ("w.pth", "w.safetensors"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError, match=name):
            read_state_dict(tmp_path / name)


def test_missing_file_and_unknown_variant(tmp_path):
    with pytest.raises(CheckpointError, match="no weights file"):
        EOVSegPredictor.from_checkpoint("s", tmp_path / "none.pth", ["mug"])
    with pytest.raises(ValueError, match="unknown variant 'xl'"):
        EOVSegPredictor.from_checkpoint("xl", None, ["mug"])
    with pytest.raises(ValueError, match="needs a weights file"):
        EOVSegPredictor.from_checkpoint("s", None, ["mug"])


@pytest.mark.parametrize(("variant", "millions"), [("s", 75.3), ("m", 131.4), ("l", 229.4)])
def test_parameter_counts(variant, millions):
    """As built, without the text tower."""
    with torch.device("meta"):
        model = build_model(CONFIGS[variant])
    count = sum(p.numel() for p in model.parameters()) - sum(
        p.numel() for p in model.text_encoder.parameters()
    )
    assert round(count / 1e6, 1) == millions
