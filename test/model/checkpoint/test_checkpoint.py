"""Weights files: what loads, and what is said of one that does not."""

import json
from pathlib import Path

import pytest
import torch

from eovseg_model.checkpoint.loading import CheckpointError, read_state_dict, save_weights
from eovseg_model.checkpoint.published import our_name, published_name
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS

FOLDER = Path(__file__).parents[2] / "data" / "parity"


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return build_model(CONFIGS["tiny"])


def test_round_trip(tiny, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_weights(tiny, path, {"variant": "tiny"}, torch.float32)
    loaded = EOVSegPredictor.from_checkpoint("tiny", path, ["mug"], backend="reference", device="cpu").model
    for (name, a), (other, b) in zip(tiny.state_dict().items(), loaded.state_dict().items(), strict=True):
        assert name == other and torch.equal(a, b)
    assert [n for n, p in loaded.named_parameters() if p.requires_grad] == [
        n for n, p in tiny.named_parameters() if p.requires_grad
    ]


def test_published_file_is_read_without_unpickling(published_weights, parity_case, tmp_path):
    """A torch file with a "model" entry under published names gives the same network as the mapping."""
    path = tmp_path / "published.pth"
    torch.save({"model": published_weights("s", 0), "iteration": 200000}, path)
    loaded = EOVSegPredictor.from_checkpoint(
        "s", path, ["mug"], backend="reference", device="cpu"
    ).model.state_dict()
    for name, value in parity_case("s_96x128", "reference").predictor.model.state_dict().items():
        assert torch.equal(loaded[name], value), name


def test_first_wrong_keys_are_named(tiny):
    weights = dict(tiny.state_dict())
    weights["decoder.object_kernels"] = torch.zeros(3, 64)
    weights["surprise"] = torch.zeros(1)
    del weights["void_row.embedding"]
    with pytest.raises(CheckpointError) as error:
        EOVSegPredictor.from_checkpoint("tiny", weights, ["mug"])
    for words in ("void_row.embedding", "surprise", r"decoder.object_kernels (3, 64), expected (20, 96)"):
        assert words in str(error.value)


def test_wrong_keys_of_a_published_checkpoint_have_the_names_of_the_file(published_weights):
    weights = published_weights("s", 0)
    del weights["light_weight_decoder.mask_heads.1.fc_mask.bias"]
    del weights["lite_aggr.deconv.lateral_conv0.weight"]
    weights["light_weight_decoder.vas.guide_fc.weight"] = torch.zeros(2, 3)
    weights["cnn_backbone.clip_model.surprise"] = torch.zeros(1)
    weights["vit_backbone.clip_model.surprise"] = torch.zeros(1)
    with pytest.raises(CheckpointError) as error:
        EOVSegPredictor.from_checkpoint("s", weights, ["mug"])
    for words in (
        "2 missing: lite_aggr.deconv.lateral_conv0.weight, light_weight_decoder.mask_heads.1.fc_mask.bias",
        "2 unexpected: cnn_backbone.clip_model.surprise, vit_backbone.clip_model.surprise",
        "1 of the wrong shape: light_weight_decoder.vas.guide_fc.weight (2, 3), expected (1024, 1024)",
    ):
        assert words in str(error.value)


@pytest.mark.parametrize("variant", ["s", "m", "l"])
def test_every_published_name_can_be_told_from_ours(variant):
    """What is used goes to our names and back; the rest is the ViT's tail, its text and the losses."""
    keys = json.loads((FOLDER / f"{variant}_96x128.keys.json").read_text())
    with torch.device("meta"):
        expected = build_model(CONFIGS[variant]).state_dict()
    assert {ours: published_name(ours) for ours in expected} == {
        ours: name for name in keys if (ours := our_name(name)) in expected
    }
    assert {tuple(keys[published_name(ours)]) == tuple(v.shape) for ours, v in expected.items()} == {True}
    dropped = [name for name in keys if our_name(name) not in expected]
    assert all(name.startswith(("vit_backbone.", "light_weight_decoder.criterion.")) for name in dropped)


def test_a_whole_checkpoint_is_taken_like_its_model_entry(tiny):
    own = {"model": dict(tiny.state_dict()), "iteration": 7}
    loaded = EOVSegPredictor.from_checkpoint("tiny", own, ["mug"], backend="reference", device="cpu").model
    assert torch.equal(loaded.decoder.object_kernels, tiny.decoder.object_kernels)
    for content in ({}, {"weights": 3}, {"model": {"decoder.object_kernels": [1.0]}}):
        with pytest.raises(CheckpointError, match="no state dict in the state dict"):
            EOVSegPredictor.from_checkpoint("tiny", content, ["mug"])


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
    with pytest.raises(CheckpointError, match="weights file not found"):
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
