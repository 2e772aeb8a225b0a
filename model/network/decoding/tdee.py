"""Two-way Dynamic Embedding Experts (paper, equations 5 to 10)."""

import torch.nn.functional as F
from torch import Tensor, nn


class TwoWayDynamicEmbeddingExperts(nn.Module):
    """Combine mask embeddings E_m and spatial awareness embeddings E_s into instance embeddings E_I."""

    def __init__(self, *, hidden_dim: int, tdee_dim: int) -> None:
        super().__init__()
        half = tdee_dim // 2
        self.mask_parameters = nn.Linear(hidden_dim, tdee_dim)  # P
        self.spatial_parameters = nn.Linear(hidden_dim, tdee_dim)  # Q
        self.mask_router = nn.Linear(half, half)
        self.mask_router_norm = nn.LayerNorm(half)
        self.spatial_router = nn.Linear(half, half)
        self.spatial_router_norm = nn.LayerNorm(half)
        self.mask_norm = nn.LayerNorm(half)
        self.spatial_norm = nn.LayerNorm(half)
        self.output = nn.Linear(half, hidden_dim)
        self.output_norm = nn.LayerNorm(hidden_dim)

    def forward(self, mask_embedding: Tensor, spatial_embedding: Tensor) -> Tensor:
        """E_m and E_s (B, N, C) -> E_I (B, N, C)."""
        p_router, p_fusion = self.mask_parameters(mask_embedding).chunk(2, dim=-1)
        q_router, q_fusion = self.spatial_parameters(spatial_embedding).chunk(2, dim=-1)
        router = p_router * q_router
        mask_weight = self.mask_router_norm(self.mask_router(router)).sigmoid()
        spatial_weight = self.spatial_router_norm(self.spatial_router(router)).sigmoid()
        experts = mask_weight * self.mask_norm(p_fusion) + spatial_weight * self.spatial_norm(q_fusion)
        return F.gelu(self.output_norm(self.output(experts)))
