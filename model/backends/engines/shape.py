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
        text_shape = engine_text_shape(text.embeddings.shape[0], text.groups.shape[1])
        if text_shape is None:
            return None
        return cls(images.shape[0], images.shape[2], images.shape[3], text_shape)

    @property
    def of_one_image(self) -> "EngineShape":
        """The shape without a batch."""
        return self._replace(batch=1)

    def __str__(self) -> str:
        return f"{self.batch}x{self.height}x{self.width}, text {self.text.embeddings}x{self.text.synonyms}"


def engine_text_shape(names: int, synonyms: int) -> TextShape | None:
    """Return the smallest text shape for a number of names and of synonyms per class; None if too large."""
    embeddings = next((size for size in EMBEDDINGS if size > names), None)
    most_synonyms = next((size for size in SYNONYMS if size >= synonyms), None)
    if embeddings is None or most_synonyms is None:
        return None
    return TextShape(embeddings, most_synonyms)
