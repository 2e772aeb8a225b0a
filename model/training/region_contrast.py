"""A small CLIP from nothing: regions and captions are pulled together, in both CNN and ViT."""

import random
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..backbone import ConvNeXtBackbone, ResNetBackbone
from ..classification import MAX_LOGIT_SCALE
from ..eovseg import EOVSeg
from ..layers import masked_mean
from ..text_encoder import PROMPT_TEMPLATES
from .captions import CaptionLevel
from .scenes import Batch, Region


class RegionContrast(nn.Module):
    """Contrastive loss of captions and true regions, pooled as the out-of-vocabulary branch pools masks."""

    def __init__(self, model: EOVSeg, levels: Sequence[CaptionLevel]) -> None:
        super().__init__()
        self.backbone = model.backbone
        self.vit = model.spatial_extractor.vit
        self.text_encoder = model.text_encoder
        self.logit_scale = model.clip_logit_scale
        self.vit_projection = nn.Linear(model.config.spatial.width, model.config.text_dim)
        self.levels = levels

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """{"contrast"}: mean cross-entropy of all regions against the captions of each level, both towers."""
        dense = self.backbone(batch.images).clip_dense
        block = self.vit(batch.images)
        cnn_rows = region_embeddings(self.backbone, dense, batch.regions)
        vit_masks = downsample_masks(batch.regions, block.shape[-2:])
        vit_rows = self.vit_projection(_valid_rows(masked_mean(block, vit_masks), batch.regions))
        categories = torch.cat([r.categories for r in batch.regions])
        text = self._encode_captions()
        loss = dense.new_zeros(())
        for level, rows in zip(self.levels, text, strict=True):
            truth = level.class_of[categories]
            for embedding in (cnn_rows, vit_rows):
                loss = loss + contrast(embedding, rows, truth, self.logit_scale)
        return {"contrast": loss / (2 * len(self.levels))}

    def _encode_captions(self) -> list[Tensor]:
        """One random synonym in one random template a class, all levels in one pass."""
        prompts = [
            random.choice(PROMPT_TEMPLATES).format(random.choice(names))
            for level in self.levels
            for names in level.classes
        ]
        features = self.text_encoder.encode_tokens(self.text_encoder.tokenize(prompts))
        return list(F.normalize(features, dim=-1).split([len(level.classes) for level in self.levels]))


def contrast(embedding: Tensor, rows: Tensor, truth: Tensor, logit_scale: Tensor) -> Tensor:
    """Cross-entropy of embeddings (R, D) against normalised text rows (C, D), truth (R,) class indices."""
    scale = logit_scale.exp().clamp(max=MAX_LOGIT_SCALE)
    return F.cross_entropy(scale * F.normalize(embedding, dim=-1) @ rows.T, truth)


def region_embeddings(
    backbone: ResNetBackbone | ConvNeXtBackbone, dense: Tensor, regions: Sequence[Region]
) -> Tensor:
    """CLIP embeddings (R, D) of all true regions of a batch, image after image."""
    return _valid_rows(
        backbone.pool_masks(dense, downsample_masks(regions, dense.shape[-2:]) >= 0.5), regions
    )


def downsample_masks(regions: Sequence[Region], size: Sequence[int]) -> Tensor:
    """Covered share of every cell (B, K, *size), K the most regions an image; the best cell is full."""
    count = max(len(r.categories) for r in regions)
    out = []
    for region in regions:
        share = F.adaptive_avg_pool2d(region.masks, (size[0], size[1]))  # (K, h, w)
        best = share.amax((1, 2), keepdim=True)
        share = torch.where((share == best) & (best > 0), torch.ones_like(share), share)
        out.append(F.pad(share, (0, 0, 0, 0, 0, count - len(share))))
    return torch.stack(out)


def _valid_rows(x: Tensor, regions: Sequence[Region]) -> Tensor:
    """(B, K, D) padded -> (R, D)."""
    return torch.cat([rows[: len(r.categories)] for rows, r in zip(x, regions, strict=True)])
