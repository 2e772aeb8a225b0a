"""Instance embeddings: features inside a query's mask, from both feature maps (paper, TDEE section)."""

from collections.abc import Callable

from torch import Tensor, nn

from ..layers import masked_mean

# Mean of F_s inside each boolean mask: (B, N, H, W) -> (B, N, C_s).
SpatialMean = Callable[[Tensor], Tensor]


class InstanceEmbedding(nn.Module):
    """Pool both feature maps inside each mask and combine them with `fusion`."""

    def __init__(self, *, hidden_dim: int, spatial_dim: int, fusion: nn.Module) -> None:
        super().__init__()
        self.mask_embedding = nn.Sequential(nn.LayerNorm(hidden_dim), nn.Linear(hidden_dim, hidden_dim))
        self.spatial_embedding = nn.Sequential(nn.LayerNorm(spatial_dim), nn.Linear(spatial_dim, hidden_dim))
        self.fusion = fusion

    def forward(self, features: Tensor, spatial: SpatialMean, inside: Tensor) -> Tensor:
        """features (B, C, H, W), means of F_s, boolean masks (B, N, H, W) -> E_I (B, N, C)."""
        mask_embedding = self.mask_embedding(masked_mean(features, inside))  # E_m
        spatial_embedding = self.spatial_embedding(spatial(inside))  # E_s
        return self.fusion(mask_embedding, spatial_embedding)
