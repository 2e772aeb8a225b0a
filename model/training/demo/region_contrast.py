"""Train a small CLIP from scratch: a contrastive loss of regions and captions, for CNN and ViT."""

import random
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network import (
    MAX_LOGIT_SCALE,
    PROMPT_TEMPLATES,
    ConvNeXtBackbone,
    EOVSeg,
    ResNetBackbone,
    masked_mean,
)
from .captions import COLOUR, FULL, SHAPE, CaptionLevel, composition_parts
from .scenes import Batch, SceneMasks, desaturate

IN_COLOUR = (FULL, COLOUR)  # levels used for coloured images
GREY_SHARE = 0.35  # of the steps: images without colours, captioned by shape only


class RegionContrast(nn.Module):
    """Contrastive loss of captions and ground-truth regions, pooled as in the out-of-vocabulary branch.

    Two measures separate shape from colour, so that unseen pairs can be recognised. Shape captions are only
    used with images without colours; with coloured images the model would also learn "no mug is red". And
    the text embedding of a composition is drawn to the sum of the embeddings of its parts.
    """

    def __init__(self, model: EOVSeg, levels: Sequence[CaptionLevel]) -> None:
        super().__init__()
        self.backbone = model.backbone
        self.vit = model.spatial_extractor.vit
        self.text_encoder = model.text_encoder
        self.logit_scale = model.clip_logit_scale
        self.vit_projection = nn.Linear(model.config.spatial.width, model.config.text_dim)
        self.levels = levels
        self._parts = composition_parts(levels)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return "contrast" (mean over all regions and both towers), "text" and "composition" losses."""
        grey = random.random() < GREY_SHARE
        images = desaturate(batch.images) if grey else batch.images
        dense = self.backbone(images).clip_dense
        block = self.vit(images)
        cnn_embeddings = region_embeddings(self.backbone, dense, batch.regions)
        vit_masks = downsample_masks(batch.regions, block.shape[-2:])
        vit_embeddings = self.vit_projection(_without_padding(masked_mean(block, vit_masks), batch.regions))
        categories = torch.cat([r.categories for r in batch.regions])
        text = self._encode_captions(self.levels)
        losses = [
            contrast(embedding, text[i], self.levels[i].classify(categories), self.logit_scale)
            for i in ((SHAPE,) if grey else IN_COLOUR)
            for embedding in (cnn_embeddings, vit_embeddings)
        ]
        return {
            "contrast": torch.stack(losses).mean(),
            "text": self._text_loss(text),
            "composition": self._composition_loss(text),
        }

    def _text_loss(self, text: Sequence[Tensor]) -> Tensor:
        """Return the contrastive loss between two captions of each class of a random level.

        It separates text embeddings that are nearly equal at the start.
        """
        i = random.randrange(len(self.levels))
        (again,) = self._encode_captions(self.levels[i : i + 1])
        return contrast(again, text[i], torch.arange(len(again), device=again.device), self.logit_scale)

    def _composition_loss(self, text: Sequence[Tensor]) -> Tensor:
        """Return 1 - cosine of a composition's text embedding and the sum of its shape's and its colour's."""
        full, shape, colour = (
            embeddings[index] for embeddings, index in zip(text, self._parts.T, strict=True)
        )
        return (1 - F.cosine_similarity(full, shape + colour)).mean()

    def _encode_captions(self, levels: Sequence[CaptionLevel]) -> list[Tensor]:
        """Encode a random synonym in a random template for each class, all levels in one pass."""
        prompts = [
            random.choice(PROMPT_TEMPLATES).format(random.choice(names))
            for level in levels
            for names in level.classes
        ]
        features = self.text_encoder.encode_tokens(self.text_encoder.tokenize(prompts))
        return list(F.normalize(features, dim=-1).split([len(level.classes) for level in levels]))


def contrast(embedding: Tensor, text: Tensor, truth: Tensor, logit_scale: Tensor) -> Tensor:
    """Return the cross-entropy of embeddings (R, D) and normalised text embeddings (C, D).

    truth (R,) holds class indices. Computed in float32, because bfloat16 would lose half a percent of the
    scaled cosine.
    """
    with torch.autocast(embedding.device.type, enabled=False):
        scale = logit_scale.exp().clamp(max=MAX_LOGIT_SCALE)
        cosine = F.normalize(embedding.float(), dim=-1) @ text.float().T
        return F.cross_entropy(scale * cosine, truth)


def region_embeddings(
    backbone: ResNetBackbone | ConvNeXtBackbone, dense: Tensor, regions: Sequence[SceneMasks]
) -> Tensor:
    """Return the CLIP embeddings (R, D) of all ground-truth regions of a batch, image after image."""
    return _without_padding(
        backbone.pool_masks(dense, downsample_masks(regions, dense.shape[-2:]) >= 0.5), regions
    )


def downsample_masks(regions: Sequence[SceneMasks], size: Sequence[int]) -> Tensor:
    """Downsample masks to the covered share of every cell (B, K, *size), K = maximum number of regions.

    The cell with the largest share is set to 1, so that no mask is empty after thresholding."""
    count = max(len(r.categories) for r in regions)
    out = []
    for region in regions:
        share = F.adaptive_avg_pool2d(region.masks, (size[0], size[1]))  # (K, h, w)
        best = share.amax((1, 2), keepdim=True)
        share = torch.where((share == best) & (best > 0), torch.ones_like(share), share)
        out.append(F.pad(share, (0, 0, 0, 0, 0, count - len(share))))
    return torch.stack(out)


def _without_padding(x: Tensor, regions: Sequence[SceneMasks]) -> Tensor:
    """Remove the padding: (B, K, D) -> (R, D)."""
    return torch.cat([embeddings[: len(r.categories)] for embeddings, r in zip(x, regions, strict=True)])
