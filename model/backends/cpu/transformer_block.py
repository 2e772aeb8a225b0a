"""A transformer block of CLIP, with the activation fused into the preceding linear layer."""

from open_clip.transformer import QuickGELU
from torch import Tensor, nn

from ...network import TransformerBlock
from .linear import MakeLinear
from .self_attention import PackedSelfAttention

QUICK = 1.702  # QuickGELU is x sigmoid(1.702 x) = swish(1.702 x) / 1.702


class PackedTransformerBlock(nn.Module):
    """A `TransformerBlock` for inference."""

    def __init__(self, block: TransformerBlock, make_linear: MakeLinear) -> None:
        super().__init__()
        first, activation, second = block.mlp
        assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear)
        assert isinstance(activation, QuickGELU)
        self.ln_1, self.ln_2 = block.ln_1, block.ln_2
        self.attn = PackedSelfAttention(block.attn, make_linear)
        self.c_fc = make_linear(first.weight * QUICK, first.bias * QUICK, activation="swish")
        self.c_proj = make_linear(second.weight / QUICK, second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, width) -> (B, N, width)."""
        x = x + self.attn(self.ln_1(x))
        return x + self.c_proj(self.c_fc(self.ln_2(x)))
