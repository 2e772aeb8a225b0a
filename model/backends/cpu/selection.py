"""Vocabulary-Aware Selection, with batch norms and activations fused into three products."""

import torch
from torch import Tensor, nn

from ...network import TextEmbeddings, VocabularyAwareSelection, rows_attended
from .convolution import PackedConv2d
from .linear import MakeLinear, PackedLinear


class PackedSelection(nn.Module):
    """A `VocabularyAwareSelection` with folded batch norms, for inference."""

    def __init__(self, vas: VocabularyAwareSelection, dtype: torch.dtype, make_linear: MakeLinear) -> None:
        super().__init__()
        self.guide = PackedLinear(vas.guide.weight, vas.guide.bias)
        self.depthwise = PackedConv2d(vas.depthwise, dtype, activation="gelu")
        self.pointwise = make_linear(vas.pointwise.weight.flatten(1), vas.pointwise.bias, activation="gelu")
        self._scale, self._offset = float(vas.scale), float(vas.offset)
        self._dtype = dtype

    def forward(self, aggregated: Tensor, text: TextEmbeddings) -> Tensor:
        """Weight F_agg by text with void (T + 1 embeddings): visual-semantic features (B, C, H, W)."""
        guide = self.guide(text.embeddings) * text.embeddings.shape[1] ** -0.5
        compare = PackedLinear(guide, text.penalty, self._dtype)
        x = self.depthwise(aggregated).permute(0, 2, 3, 1)
        parts = x.split(rows_attended(x.shape[2], text), dim=1)
        attention = torch.cat([self._attend(part, compare) for part in parts], dim=2)
        return aggregated * (attention * self._scale + self._offset).to(aggregated.dtype)

    def _attend(self, x: Tensor, compare: nn.Module) -> Tensor:
        """Return the maximum of each pixel's softmax over the text: (B, H, W, C) -> (B, 1, H, W)."""
        return compare(self.pointwise(x)).float().softmax(-1).amax(-1).unsqueeze(1)
