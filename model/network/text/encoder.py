"""CLIP text encoder: names to text embeddings through 14 prompt templates (paper, Text Encoder)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from open_clip.transformer import QuickGELU, TextTransformer
from torch import Tensor, nn

PROMPT_TEMPLATES = (
    "a photo of a {}.",
    "This is a photo of a {}",
    "There is a {} in the scene",
    "There is the {} in the scene",
    "a photo of a {} in the scene",
    "a photo of a small {}.",
    "a photo of a medium {}.",
    "a photo of a large {}.",
    "This is a photo of a small {}.",
    "This is a photo of a medium {}.",
    "This is a photo of a large {}.",
    "There is a small {} in the scene.",
    "There is a medium {} in the scene.",
    "There is a large {} in the scene.",
)
NAMES_PER_BATCH = 16


class TextEncoder(nn.Module):
    """Frozen CLIP text tower with prompt templates."""

    def __init__(
        self,
        *,
        width: int,
        heads: int,
        layers: int,
        text_dim: int,
        quick_gelu: bool,
        context_length: int,
        vocab_size: int,
    ) -> None:
        super().__init__()
        self.tower = TextTransformer(
            context_length=context_length,
            vocab_size=vocab_size,
            width=width,
            heads=heads,
            layers=layers,
            output_dim=text_dim,
            act_layer=QuickGELU if quick_gelu else nn.GELU,
        )

    def forward(self, names: Sequence[str]) -> Tensor:
        """Encode T names, averaged over the templates, as L2-normalised text embeddings (T, D)."""
        embeddings = []
        for start in range(0, len(names), NAMES_PER_BATCH):
            batch = names[start : start + NAMES_PER_BATCH]
            prompts = [template.format(name) for name in batch for template in PROMPT_TEMPLATES]
            features = F.normalize(self.encode_tokens(self.tokenize(prompts)), dim=-1)
            features = features.view(len(batch), len(PROMPT_TEMPLATES), -1).mean(1)
            embeddings.append(F.normalize(features, dim=-1))
        return torch.cat(embeddings)

    def tokenize(self, prompts: Sequence[str]) -> Tensor:
        """Return token ids (P, L), L the longest prompt; attention is causal, so padding has no effect."""
        from open_clip.tokenizer import tokenize  # slow to import, needed only here

        tokens = tokenize(list(prompts), context_length=self.tower.context_length)
        length = int((tokens != 0).sum(1).max())
        return tokens[:, :length].to(self.tower.positional_embedding.device)

    def encode_tokens(self, tokens: Tensor) -> Tensor:
        """Encode token ids (P, L) as text features (P, D), not normalised."""
        tower, length = self.tower, tokens.shape[1]
        x = tower.token_embedding(tokens) + tower.positional_embedding[:length]  # (P, L, width)
        x = tower.ln_final(tower.transformer(x, attn_mask=tower.attn_mask[:length, :length]))
        end = x[
            torch.arange(len(x), device=x.device), tokens.argmax(-1)
        ]  # (P, width), the end token has the largest id
        return end @ tower.text_projection
