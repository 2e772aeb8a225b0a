"""A token embedding restricted to the tokens that some names use, instead of all 49,408."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network import PROMPT_TEMPLATES, TextEncoder


class KnownTokens(nn.Module):
    """The vectors of some tokens of an embedding. Raises IndexError for other tokens."""

    def __init__(self, embedding: nn.Embedding, tokens: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(embedding.weight.detach()[tokens].clone())
        row = torch.full((embedding.num_embeddings,), -1, device=tokens.device)
        row[tokens] = torch.arange(len(tokens), device=tokens.device)
        self.register_buffer("row", row, persistent=False)
        self.row: Tensor

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed token ids (P, L) as (P, L, width)."""
        return F.embedding(self.row[tokens], self.weight)


@contextmanager
def only_known_tokens(encoder: TextEncoder, names: Sequence[str]) -> Iterator[None]:
    """Restrict the encoder's embedding to the tokens of names in all templates; restore it at the end.

    The trained vectors are copied back. Half of the demo model's parameters belong to tokens that no caption
    uses, and need no gradients or optimizer state.
    """
    embedding = encoder.tower.token_embedding
    tokens = encoder.tokenize([t.format(name) for name in names for t in PROMPT_TEMPLATES]).unique()
    known = KnownTokens(embedding, tokens)
    encoder.tower.token_embedding = known
    try:
        yield
    finally:
        with torch.no_grad():
            embedding.weight[tokens] = known.weight
        encoder.tower.token_embedding = embedding
