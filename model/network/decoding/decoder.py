"""Lightweight decoder: stages that refine object kernels with the features (paper, equation 2)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layers import MLP, ScaledLayerNorm, SelfAttention, masked_sum, pixel_weight, pixels_of
from ..text.classification import TextEmbeddings, class_logits, initial_logit_scale
from .instance_embedding import SpatialMean


class StageOutput(NamedTuple):
    """Output of a decoder stage.

    class_logits (B, N, C + 1), void last; mask_logits (B, N, H/4, W/4); object_kernels (B, N, hidden_dim),
    refined; class_embeddings (B, N, text_dim) in the space of the text embeddings, not normalised.
    """

    class_logits: Tensor
    mask_logits: Tensor
    object_kernels: Tensor
    class_embeddings: Tensor


class LightweightDecoder(nn.Module):
    """Learned object kernels and the stages that refine them."""

    def __init__(self, *, stages: list["DecoderStage"], num_kernels: int, hidden_dim: int) -> None:
        super().__init__()
        self.object_kernels = nn.Parameter(torch.randn(num_kernels, hidden_dim))
        self.predict_masks = MaskPrediction()
        self.stages = nn.ModuleList(stages)

    def forward(
        self, features: Tensor, spatial: SpatialMean, text: TextEmbeddings, *, every_stage: bool
    ) -> list[StageOutput]:
        """Decode features (B, C, H/4, W/4) with means of F_s and text with void.

        Returns the outputs of every stage (for training), or of the last one only (for inference).
        """
        kernels = self.object_kernels.expand(features.shape[0], -1, -1)
        masks = self.predict_masks(kernels, features)
        outputs = []
        for stage in self.stages:
            assert isinstance(stage, DecoderStage)
            kernels, masks = stage.refine(kernels, masks, features)
            if every_stage or stage is self.stages[-1]:
                embeddings = stage.embed(kernels, masks, features, spatial)
                classes = class_logits(embeddings, text, stage.logit_scale)
                outputs.append(StageOutput(classes, masks, kernels, embeddings))
        return outputs


class DecoderStage(nn.Module):
    """Initial attention, dynamic depthwise attention and late attention, followed by masks and classes."""

    def __init__(
        self,
        *,
        instance_embedding: nn.Module,
        hidden_dim: int,
        text_dim: int,
        num_heads: int,
        ffn_dim: int,
    ) -> None:
        super().__init__()
        self.feature_attention = DynamicDepthwiseAttention(dim=hidden_dim)
        self.feature_norm = ScaledLayerNorm(hidden_dim)
        self.kernel_attention = DynamicDepthwiseAttention(dim=hidden_dim)
        self.kernel_norm = nn.LayerNorm(hidden_dim)
        self.self_attention = SelfAttention(hidden_dim, num_heads)
        self.self_attention_norm = nn.LayerNorm(hidden_dim)
        self.ffn = MLP(input_dim=hidden_dim, hidden_dim=ffn_dim, output_dim=hidden_dim, num_layers=2)
        self.ffn_norm = nn.LayerNorm(hidden_dim)
        self.mask_kernel = nn.Sequential(
            nn.Linear(hidden_dim, hidden_dim, bias=False),
            nn.LayerNorm(hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim),
        )
        self.predict_masks = MaskPrediction()
        self.instance_embedding = instance_embedding
        self.class_embedding = MLP(
            input_dim=hidden_dim, hidden_dim=hidden_dim, output_dim=text_dim, num_layers=3
        )
        self.logit_scale = initial_logit_scale()

    def refine(self, kernels: Tensor, masks: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Refine kernels (B, N, C) with previous mask logits: object features (B, N, C), new mask logits."""
        weight = pixel_weight(masks)
        f = masked_sum(features, masks > 0, weight)  # (B, N, C)
        f = self.feature_norm(f + weight * self.feature_attention(kernels, f, weight), weight)
        kernels = self.kernel_norm(f + self.kernel_attention(kernels, f))
        kernels = self.self_attention_norm(kernels + self.self_attention(kernels))
        kernels = self.ffn_norm(kernels + self.ffn(kernels))
        return kernels, self.predict_masks(self.mask_kernel(kernels), features)

    def embed(self, kernels: Tensor, masks: Tensor, features: Tensor, spatial: SpatialMean) -> Tensor:
        """Embed object features, with their mask logits, in the space of the text: (B, N, text_dim)."""
        instance = self.instance_embedding(features, spatial, masks > 0)
        return self.class_embedding(instance + kernels)


class DynamicDepthwiseAttention(nn.Module):
    """Convolution of the value's channels with a three-tap kernel from each query (paper, equation 2)."""

    def __init__(self, *, dim: int) -> None:
        super().__init__()
        self.kernel = nn.Linear(dim, 3)
        self.norm = ScaledLayerNorm(dim)

    def forward(self, query: Tensor, value: Tensor, scale: float = 1.0) -> Tensor:
        """(B, N, C), scale * value (B, N, C) -> (B, N, C)."""
        left, centre, right = self.kernel(query).split(1, dim=-1)  # (B, N, 1) each
        padded = F.pad(value, (1, 1))
        out = left * padded[..., :-2] + centre * value + right * padded[..., 2:]
        return self.norm(out, scale)


class MaskPrediction(nn.Module):
    """The product of mask kernels and features."""

    def forward(self, kernels: Tensor, features: Tensor) -> Tensor:
        """Mask kernels (B, N, C) . features (B, C, H, W) -> mask logits (B, N, H, W)."""
        masks = kernels.to(features.dtype) @ pixels_of(features).transpose(1, 2)
        return masks.unflatten(2, features.shape[-2:])
