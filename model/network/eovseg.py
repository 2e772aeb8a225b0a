"""EOV-Seg (Niu et al., AAAI 2025): the network, one line a box of the paper's figure 4."""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .assembly.ablations import NoSelection, NoSpatialFeatures
from .config import EOVSegConfig
from .decoding.decoder import LightweightDecoder, StageOutput
from .features.aggregator import LiteAggregator
from .features.backbone import ConvNeXtBackbone, ResNetBackbone
from .features.spatial import SpatialExtractor
from .features.vas import VocabularyAwareSelection
from .layers import resize
from .text.classification import (
    TextEmbeddings,
    VoidEmbedding,
    class_logits,
    geometric_ensemble,
    initial_logit_scale,
)
from .text.encoder import TextEncoder


class EOVSegOutput(NamedTuple):
    """class_logits (B, N, C + 1) and mask_logits (B, N, H/4, W/4) of the last stage; final_class_logits
    (B, N, C + 1) after the ensemble, log probabilities; void is the last class of both."""

    class_logits: Tensor
    mask_logits: Tensor
    final_class_logits: Tensor


class EOVSeg(nn.Module):
    """The whole network; `build.build_model` makes one from a config."""

    def __init__(
        self,
        *,
        config: EOVSegConfig,
        backbone: ResNetBackbone | ConvNeXtBackbone,
        text_encoder: TextEncoder,
        spatial_extractor: SpatialExtractor | NoSpatialFeatures,
        aggregator: LiteAggregator,
        vas: VocabularyAwareSelection | NoSelection,
        decoder: LightweightDecoder,
        void_row: VoidEmbedding,
    ) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.text_encoder = text_encoder
        self.spatial_extractor = spatial_extractor
        self.aggregator = aggregator
        self.vas = vas
        self.decoder = decoder
        self.void_row = void_row  # named as in every weights file
        self.clip_logit_scale = initial_logit_scale()
        for frozen in self.clip_modules():
            frozen.requires_grad_(False)
        self.clip_logit_scale.requires_grad_(False)

    def clip_modules(self) -> tuple[nn.Module, ...]:
        """The parts that come from the two CLIPs: frozen, and always in eval mode."""
        return self.backbone, self.text_encoder, self.spatial_extractor.vit

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return self.void_row.embedding.device

    def train(self, mode: bool = True) -> "EOVSeg":
        """As ever, but the two CLIPs stay in eval mode."""
        super().train(mode)
        for frozen in self.clip_modules():
            frozen.eval()
        return self

    def forward(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        """Normalised images (B, 3, H, W), sides multiples of 32, and a vocabulary -> EOVSegOutput.

        text is the vocabulary's without void; seen (C,) says which of its classes were
        seen in training.
        """
        cnn = self.backbone(images)
        aggregated, clip_dense = self.aggregator(cnn), cnn.clip_dense
        del cnn  # the largest maps there are
        (last,) = self.decode(aggregated, images, text, every_stage=False)
        out_logits, valid = self.classify_out_of_vocabulary(clip_dense, last.mask_logits, text)
        weight = torch.where(seen, self.config.alpha, self.config.beta)
        usable = valid if self.config.ensemble_on_valid_masks else None
        final = geometric_ensemble(last.class_logits, out_logits, weight, usable)
        return EOVSegOutput(last.class_logits, last.mask_logits.float().contiguous(), final)

    def decode(
        self, aggregated: Tensor, images: Tensor, text: TextEmbeddings, *, every_stage: bool
    ) -> list[StageOutput]:
        """What follows F_agg, but for the out-of-vocabulary branch: the decoder stages' outputs."""
        text = self.void_row(text)
        features = self.vas(aggregated, text)
        spatial = partial(self.spatial_extractor.masked_mean, self.spatial_extractor(images))
        return self.decoder(features, spatial, text, every_stage=every_stage)

    def classify_out_of_vocabulary(
        self, clip_dense: Tensor, mask_logits: Tensor, text: TextEmbeddings
    ) -> tuple[Tensor, Tensor]:
        """CLIP's own view of each mask: logits (B, N, C) and whether the mask has a pixel there (B, N)."""
        mask = resize(mask_logits, clip_dense.shape[-2:]) > 0
        embedding = self.backbone.pool_masks(clip_dense, mask)
        return class_logits(embedding, text, self.clip_logit_scale), mask.flatten(2).any(-1)
