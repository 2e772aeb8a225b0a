"""A token embedding with the vectors that some names need, not all 49,408: the others learn nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network import PROMPT_TEMPLATES, TextEncoder


class KnownTokens(nn.Module):
    """Some vectors of an embedding; another token is an IndexError."""

    def __init__(self, embedding: nn.Embedding, tokens: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(embedding.weight.detach()[tokens].clone())
        row = torch.full((embedding.num_embeddings,), -1, device=tokens.device)
        row[tokens] = torch.arange(len(tokens), device=tokens.device)
        self.register_buffer("row", row, persistent=False)
        self.row: Tensor

    def forward(self, tokens: Tensor) -> Tensor:
        """Token ids (P, L) -> (P, L, width)."""
        return F.embedding(self.row[tokens], self.weight)


@contextmanager
def only_known_tokens(encoder: TextEncoder, names: Sequence[str]) -> Iterator[None]:
    """Inside, encoder has the tokens of names in all templates; afterwards all again, and what they learned.

    Half the demo model's parameters are tokens that no caption has: they need no gradients and no moments.
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
