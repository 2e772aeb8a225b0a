"""The paper's ablation switches build the network that the text describes, and nothing beside it."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from eovseg_model.checkpoint.loading import load_weights
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.text.classification import TextEmbeddings

TINY = CONFIGS["tiny"]


def inputs() -> tuple[torch.Tensor, TextEmbeddings, torch.Tensor]:
    torch.manual_seed(1)
    embeddings = F.normalize(torch.randn(4, TINY.text_dim), dim=-1)
    return (
        torch.randn(1, 3, 64, 96),
        TextEmbeddings(embeddings, torch.arange(4)[:, None]),
        torch.ones(4, dtype=torch.bool),
    )


def build(**changes):
    torch.manual_seed(0)
    return build_model(replace(TINY, **changes))


def test_without_vas_the_decoder_gets_the_aggregated_features():
    model = build(vas=False)
    assert not any(name.startswith("vas.") for name in model.state_dict())
    seen = {}
    model.aggregator.register_forward_hook(lambda _m, _i, out: seen.update(aggregated=out))
    model.decoder.register_forward_hook(lambda _m, args, _o: seen.update(features=args[0]))
    with torch.no_grad():
        model(*inputs())
    assert torch.equal(seen["aggregated"], seen["features"])


def test_sum_fusion_adds_the_two_embeddings():
    model = build(fusion="sum")
    assert not any(".fusion." in name for name in model.state_dict())
    a, b = torch.randn(1, 2, 64), torch.randn(1, 2, 64)
    assert torch.equal(model.decoder.stages[0].instance_embedding.fusion(a, b), a + b)


def test_mask_embeddings_alone_need_no_spatial_extractor():
    model = build(fusion="masks")
    assert not any("spatial" in name for name in model.state_dict())
    with torch.no_grad():
        assert torch.isfinite(model(*inputs()).final_class_logits).all()


@pytest.mark.parametrize("num_blocks", [6, 12])
def test_later_vit_blocks(num_blocks, published_weights):
    """Block index 5 and 11 of the published ViT are loaded where the config asks for them, and used."""
    config = replace(CONFIGS["s"], spatial=replace(CONFIGS["s"].spatial, num_blocks=num_blocks))
    with torch.device("meta"):
        model = build_model(config)
    weights = published_weights("s", 0)
    load_weights(model, weights)
    blocks = model.spatial_extractor.vit.blocks
    assert len(blocks) == num_blocks
    last = f"vit_backbone.clip_model.visual.transformer.resblocks.{num_blocks - 1}.mlp.c_proj.weight"
    assert torch.equal(blocks[-1].mlp.c_proj.weight, weights[last])


def test_every_switch_changes_the_answer():
    outputs = []
    for changes in ({}, {"vas": False}, {"fusion": "sum"}, {"fusion": "masks"}):
        with torch.no_grad():
            outputs.append(build(**changes)(*inputs()).class_logits)
    for i, a in enumerate(outputs):
        assert all(not torch.allclose(a, b) for b in outputs[i + 1 :])
