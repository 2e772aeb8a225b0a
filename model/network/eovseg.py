"""EOV-Seg (Niu et al., AAAI 2025): the network, one line per box of the paper's figure 4."""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .assembly.ablations import NoSelection, NoSpatialFeatures
from .config import EOVSegConfig
from .decoding.decoder import DecoderStage, LightweightDecoder, StageOutput
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
    normalize,
)
from .text.encoder import TextEncoder


class EOVSegOutput(NamedTuple):
    """Output of the network; void is the last class.

    class_logits (B, N, C + 1) and mask_logits (B, N, H/4, W/4) are those of the last decoder stage,
    final_class_logits (B, N, C + 1) the log probabilities after the ensemble. object_kernels
    (B, N, hidden_dim) are the refined kernels of the last stage, class_embeddings (B, N, text_dim) its
    embeddings in the space of the text, L2-normalised.
    """

    class_logits: Tensor
    mask_logits: Tensor
    final_class_logits: Tensor
    object_kernels: Tensor
    class_embeddings: Tensor


class EOVSeg(nn.Module):
    """The whole network; `build_model` builds it from a config."""

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
        self.void_row = void_row  # the name in all weights files
        self.clip_logit_scale = initial_logit_scale()
        for frozen in self.clip_modules():
            frozen.requires_grad_(False)
        self.clip_logit_scale.requires_grad_(False)

    def clip_modules(self) -> tuple[nn.Module, ...]:
        """Return the parts from the two CLIPs, which are frozen and always in eval mode."""
        return self.backbone, self.text_encoder, self.spatial_extractor.vit

    @property
    def device(self) -> torch.device:
        """Device of the parameters."""
        return self.void_row.embedding.device

    def train(self, mode: bool = True) -> "EOVSeg":
        """Set training mode, except for the two CLIPs."""
        super().train(mode)
        for frozen in self.clip_modules():
            frozen.eval()
        return self

    def forward(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        """Run the network on normalised images (B, 3, H, W); H and W are multiples of 32.

        text is the vocabulary without void; seen (C,) marks the classes seen in training.
        """
        cnn = self.backbone(images)
        aggregated, clip_dense = self.aggregator(cnn), cnn.clip_dense
        del cnn  # free the largest maps
        (last,) = self.decode(aggregated, images, text, every_stage=False)
        out_logits, valid = self.classify_out_of_vocabulary(clip_dense, last.mask_logits, text)
        weight = torch.where(seen, self.config.alpha, self.config.beta)
        usable = valid if self.config.ensemble_on_valid_masks else None
        final = geometric_ensemble(last.class_logits, out_logits, weight, usable)
        return EOVSegOutput(
            class_logits=last.class_logits,
            mask_logits=last.mask_logits.float().contiguous(),
            final_class_logits=final,
            object_kernels=last.object_kernels.float(),
            class_embeddings=normalize(last.class_embeddings).float(),
        )

    def decode(
        self, aggregated: Tensor, images: Tensor, text: TextEmbeddings, *, every_stage: bool
    ) -> list[StageOutput]:
        """Run VAS and the decoder on F_agg; return the outputs of the decoder stages."""
        text = self.void_row(text)
        features = self.vas(aggregated, text)
        spatial = partial(self.spatial_extractor.masked_mean, self.spatial_extractor(images))
        return self.decoder(features, spatial, text, every_stage=every_stage)

    def classify_embeddings(self, embeddings: Tensor, text: TextEmbeddings) -> Tensor:
        """Classify class embeddings of the last stage (B, N, text_dim) as the decoder does: (B, N, C + 1)."""
        last = self.decoder.stages[-1]
        assert isinstance(last, DecoderStage)
        return class_logits(embeddings, self.void_row(text), last.logit_scale)

    def classify_out_of_vocabulary(
        self, clip_dense: Tensor, mask_logits: Tensor, text: TextEmbeddings
    ) -> tuple[Tensor, Tensor]:
        """Classify masks with CLIP: logits (B, N, C), and whether each has a pixel on CLIP's grid (B, N)."""
        mask = resize(mask_logits, clip_dense.shape[-2:]) > 0
        embedding = self.backbone.pool_masks(clip_dense, mask)
        return class_logits(embedding, text, self.clip_logit_scale), mask.flatten(2).any(-1)
