"""Instance embeddings: what a proposal's mask covers, in both feature maps (paper, TDEE section)."""

from torch import Tensor, nn

from .layers import masked_mean


class InstanceEmbedding(nn.Module):
    """Pools both feature maps inside each mask and lets `fusion` join the two."""

    def __init__(self, *, hidden_dim: int, spatial_dim: int, fusion: nn.Module) -> None:
        super().__init__()
        self.mask_embedding = nn.Sequential(nn.LayerNorm(hidden_dim), nn.Linear(hidden_dim, hidden_dim))
        self.spatial_embedding = nn.Sequential(nn.LayerNorm(spatial_dim), nn.Linear(spatial_dim, hidden_dim))
        self.fusion = fusion

    def forward(self, features: Tensor, spatial: Tensor, inside: Tensor) -> Tensor:
        """features (B, C, H, W), F_s (B, C_s, H, W), boolean masks (B, N, H, W) -> E_I (B, N, C)."""
        mask_embedding = self.mask_embedding(masked_mean(features, inside))  # E_m
        spatial_embedding = self.spatial_embedding(masked_mean(spatial, inside))  # E_s
        return self.fusion(mask_embedding, spatial_embedding)
