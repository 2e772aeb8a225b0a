"""Build a network from a config or a state dict."""

from collections.abc import Mapping
from typing import Any

import torch

from ...checkpoint import load_weights
from ..config import CONFIGS, EOVSegConfig, ResNetConfig
from ..decoding.decoder import DecoderStage, LightweightDecoder
from ..decoding.instance_embedding import InstanceEmbedding
from ..decoding.tdee import TwoWayDynamicEmbeddingExperts
from ..eovseg import EOVSeg
from ..features.aggregator import LiteAggregator
from ..features.backbone import ConvNeXtBackbone, ResNetBackbone
from ..features.spatial import SpatialExtractor, ViTBlocks
from ..features.vas import VocabularyAwareSelection
from ..text.classification import VoidEmbedding
from ..text.encoder import TextEncoder
from .ablations import EmbeddingSum, MaskEmbedding, NoSelection, NoSpatialFeatures


def build_model(config: EOVSegConfig) -> EOVSeg:
    """Return a newly initialised network in eval mode; under `torch.device("meta")` without memory."""
    text = config.text
    return EOVSeg(
        config=config,
        backbone=_build_backbone(config),
        text_encoder=TextEncoder(
            width=text.width,
            heads=text.heads,
            layers=text.layers,
            text_dim=config.text_dim,
            quick_gelu=text.quick_gelu,
            context_length=text.context_length,
            vocab_size=text.vocab_size,
        ),
        spatial_extractor=_build_spatial_extractor(config),
        aggregator=LiteAggregator(
            channels=config.backbone.channels, dim=config.aggregator_dim, hidden_dim=config.hidden_dim
        ),
        vas=_build_vas(config),
        decoder=LightweightDecoder(
            stages=[_build_stage(config) for _ in range(config.num_stages)],
            num_kernels=config.num_kernels,
            hidden_dim=config.hidden_dim,
        ),
        void_row=VoidEmbedding(text_dim=config.text_dim),
    ).eval()


def load_model(variant: str, state_dict: Mapping[str, Any], source: str) -> EOVSeg:
    """Return a network that uses a state dict's tensors without copying. Raises CheckpointError."""
    with torch.device("meta"):
        model = build_model(CONFIGS[variant])
    load_weights(model, state_dict, source)
    _materialise_buffers(model)
    return model


def _build_backbone(config: EOVSegConfig) -> ResNetBackbone | ConvNeXtBackbone:
    backbone = config.backbone
    if isinstance(backbone, ResNetConfig):
        return ResNetBackbone(
            layers=backbone.layers,
            width=backbone.width,
            heads=backbone.heads,
            image_size=backbone.image_size,
            dense_dim=backbone.dense_dim,
            text_dim=config.text_dim,
        )
    return ConvNeXtBackbone(
        timm_name=backbone.timm_name, image_size=backbone.image_size, text_dim=config.text_dim
    )


def _build_spatial_extractor(config: EOVSegConfig) -> SpatialExtractor | NoSpatialFeatures:
    if config.fusion == "masks":
        return NoSpatialFeatures()
    spatial = config.spatial
    vit = ViTBlocks(
        width=spatial.width,
        heads=spatial.heads,
        patch_size=spatial.patch_size,
        grid_size=spatial.grid_size,
        num_blocks=spatial.num_blocks,
    )
    return SpatialExtractor(vit=vit, width=spatial.width)


def _build_vas(config: EOVSegConfig) -> VocabularyAwareSelection | NoSelection:
    if not config.vas:
        return NoSelection()
    return VocabularyAwareSelection(hidden_dim=config.hidden_dim, text_dim=config.text_dim)


def _build_stage(config: EOVSegConfig) -> DecoderStage:
    return DecoderStage(
        instance_embedding=_build_instance_embedding(config),
        hidden_dim=config.hidden_dim,
        text_dim=config.text_dim,
        num_heads=config.num_heads,
        ffn_dim=config.ffn_dim,
    )


def _build_instance_embedding(config: EOVSegConfig) -> InstanceEmbedding | MaskEmbedding:
    if config.fusion == "masks":
        return MaskEmbedding(hidden_dim=config.hidden_dim)
    fusion = (
        TwoWayDynamicEmbeddingExperts(hidden_dim=config.hidden_dim, tdee_dim=config.tdee_dim)
        if config.fusion == "tdee"
        else EmbeddingSum()
    )
    return InstanceEmbedding(hidden_dim=config.hidden_dim, spatial_dim=config.spatial.width, fusion=fusion)


def _materialise_buffers(model: EOVSeg) -> None:
    """Create the text tower's causal mask, which is not in weights files."""
    tower = model.text_encoder.tower
    with torch.device("cpu"):
        tower.attn_mask = tower.build_causal_mask()
