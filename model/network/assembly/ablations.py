"""Replacements for the parts that an ablation removes (paper, table 4; docs/ablations.md)."""

from torch import Tensor, nn

from ..decoding.instance_embedding import SpatialMean
from ..layers import masked_mean
from ..text.classification import TextEmbeddings


class NoSelection(nn.Module):
    """Replacement of VAS: the aggregated features, unchanged."""

    def forward(self, aggregated: Tensor, text: TextEmbeddings) -> Tensor:
        """F_agg (B, C, H, W) -> F_agg."""
        return aggregated


class EmbeddingSum(nn.Module):
    """Replacement of TDEE: E_m + E_s, the "fixed weight coefficients" of the paper's TDEE section."""

    def forward(self, mask_embedding: Tensor, spatial_embedding: Tensor) -> Tensor:
        """(B, N, C), (B, N, C) -> (B, N, C)."""
        return mask_embedding + spatial_embedding


class MaskEmbedding(nn.Module):
    """Replacement of TDEE and the spatial awareness extractor: only E_m."""

    def __init__(self, *, hidden_dim: int) -> None:
        super().__init__()
        self.mask_embedding = nn.Sequential(nn.LayerNorm(hidden_dim), nn.Linear(hidden_dim, hidden_dim))

    def forward(self, features: Tensor, spatial: SpatialMean, inside: Tensor) -> Tensor:
        """features (B, C, H, W), boolean masks (B, N, H, W) -> E_m (B, N, C)."""
        return self.mask_embedding(masked_mean(features, inside))


class NoSpatialFeatures(nn.Module):
    """Replacement of the spatial awareness extractor where its features are not used."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """Return an empty tensor."""
        return images.new_empty(0)

    def masked_mean(self, coarse: Tensor, inside: Tensor) -> Tensor:
        """Raise NotImplementedError."""
        raise NotImplementedError("this network has no spatial features")
