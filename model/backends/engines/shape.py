"""Input sizes of an engine."""

from typing import NamedTuple

from torch import Tensor

from ...export import TextShape
from ...network import TextEmbeddings

EMBEDDINGS = (64, 128, 256, 512, 1024, 2048)
SYNONYMS = (1, 2, 4, 8, 16, 32, 64)


class EngineShape(NamedTuple):
    """Image batch of a fixed size, and vocabularies up to a size."""

    batch: int
    height: int
    width: int
    text: TextShape

    @classmethod
    def of(cls, images: Tensor, text: TextEmbeddings) -> "EngineShape | None":
        """Return the smallest shape for these inputs; None if the vocabulary is too large for all."""
        (T, _), (_, K) = text.embeddings.shape, text.groups.shape
        embeddings = next((size for size in EMBEDDINGS if size > T), None)
        synonyms = next((size for size in SYNONYMS if size >= K), None)
        if embeddings is None or synonyms is None:
            return None
        return cls(images.shape[0], images.shape[2], images.shape[3], TextShape(embeddings, synonyms))

    def __str__(self) -> str:
        return f"{self.batch}x{self.height}x{self.width}, text {self.text.embeddings}x{self.text.synonyms}"
