"""CLIP's weights for training, from open_clip: they land where open_clip's own model has them."""

from dataclasses import replace

import open_clip
import pytest
import torch
import torch.nn.functional as F

from eovseg_model.checkpoint.clip import load_clip
from eovseg_model.checkpoint.loading import CheckpointError
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS


@pytest.fixture
def clips(monkeypatch):
    """open_clip's models by name, with random weights in place of downloaded ones."""
    made, create = {}, open_clip.create_model

    def untrained(name, tag):
        assert tag == "openai"
        torch.manual_seed(len(made))
        made[name] = create(name).eval()
        return made[name]

    monkeypatch.setattr(open_clip, "create_model", untrained)
    return made


def test_the_frozen_parts_compute_what_open_clip_does(clips):
    """With six ViT blocks: block index 5 of the paper's table 3."""
    torch.manual_seed(7)
    config = replace(CONFIGS["s"], spatial=replace(CONFIGS["s"].spatial, num_blocks=6))
    model = build_model(config)
    kernels = model.decoder.object_kernels.clone()
    load_clip(model, config.open_clip)
    cnn, vit = clips["RN50-quickgelu"], clips["ViT-B-16-quickgelu"].visual
    images, tokens = torch.randn(1, 3, 224, 224), open_clip.tokenize(["a mug"])
    with torch.no_grad():
        assert torch.equal(model.backbone.tower(images), cnn.encode_image(images))
        torch.testing.assert_close(
            F.normalize(model.text_encoder.encode_tokens(tokens), dim=-1),
            cnn.encode_text(tokens, normalize=True),
        )
        blocks = model.spatial_extractor.vit(images).flatten(2).transpose(1, 2)
        x = vit.patch_dropout(vit._embeds(images))
        for block in vit.transformer.resblocks[:6]:
            x = block(x)
        torch.testing.assert_close(blocks, x[:, 1:])
    assert torch.equal(model.decoder.object_kernels, kernels)
    assert model.clip_logit_scale == cnn.logit_scale
    assert not any(p.requires_grad for part in model.clip_modules() for p in part.parameters())


def test_without_an_extractor_the_vit_is_not_downloaded(clips):
    config = replace(CONFIGS["s"], fusion="masks")
    load_clip(build_model(config), config.open_clip)
    assert list(clips) == ["RN50-quickgelu"]


def test_weights_of_another_variant_are_refused(clips):
    with pytest.raises(CheckpointError, match="RN50-quickgelu.*does not fit"):
        load_clip(build_model(CONFIGS["tiny"]), ("RN50-quickgelu", "openai"))


def test_offline_says_what_to_do(monkeypatch):
    def fail(name, tag):
        raise RuntimeError("Failed to download weights\nfor tag 'openai'")

    monkeypatch.setattr(open_clip, "create_model", fail)
    with pytest.raises(
        CheckpointError, match=r"'openai' of RN50-quickgelu.*offline\?.*weights for tag.*cache"
    ):
        load_clip(build_model(CONFIGS["tiny"]), ("RN50-quickgelu", "openai"))
