"""Text embeddings of a vocabulary, from memory, the disk cache or CLIP's text tower."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..network import EOVSeg, TextEmbeddings
from .limits import MAX_NAMES
from .text_cache import TextCache
from .token_check import TokenCheck
from .vocabulary import Vocabulary, load_vocabulary


@dataclass(frozen=True)
class EncodedVocabulary:
    """A vocabulary with its text embeddings and the classes seen in training."""

    vocabulary: Vocabulary
    text: TextEmbeddings
    seen: Tensor  # (C,) boolean


class VocabularyEncoder:
    """Encode vocabularies with a model's text tower, each name only once. Thread-safe.

    text_cache keeps encoded names between runs; None keeps them in memory only, where the newest 32,768 stay.
    Names that the text encoder cannot tell apart, or does not read to their end, cause a warning.
    """

    def __init__(self, model: EOVSeg, text_cache: TextCache | None) -> None:
        self._model = model
        self._training_vocabulary = load_vocabulary(model.config.training_vocabulary)
        self._text_cache = text_cache
        self._check_tokens = TokenCheck(model.text_encoder.tower.context_length)
        self._embeddings: dict[str, Tensor] = {}  # least recently used first
        self._lock = threading.Lock()

    @torch.no_grad()
    def __call__(self, vocabulary: Vocabulary, seen: Sequence[bool] | None) -> EncodedVocabulary:
        """Encode a vocabulary on the model's device; see `EOVSegPredictor.encode`."""
        if seen is None:
            seen = vocabulary.shares_synonym_with(self._training_vocabulary)
        if len(seen) != len(vocabulary):
            raise ValueError(
                f"seen must have one entry per class; got {len(seen)} for {len(vocabulary)} classes"
            )
        device = self._model.device
        text = TextEmbeddings(self._encode_names(vocabulary.synonyms), _group_names(vocabulary).to(device))
        return EncodedVocabulary(vocabulary, text, torch.tensor(list(map(bool, seen)), device=device))

    def _encode_names(self, names: Sequence[str]) -> Tensor:
        """Return the text embeddings (T, D) of names."""
        with self._lock:
            self._check_tokens(names)
            missing = [name for name in names if name not in self._embeddings]
            if missing and self._text_cache:
                self._keep(self._text_cache.read(missing))
                missing = [name for name in missing if name not in self._embeddings]
            if missing:
                encoded = dict(zip(missing, self._model.text_encoder(missing), strict=True))
                self._keep(encoded)
                if self._text_cache:
                    self._text_cache.write(encoded)
            used = {name: self._embeddings.pop(name) for name in names}
            self._embeddings.update(used)
            for name in list(self._embeddings)[: -2 * MAX_NAMES]:
                del self._embeddings[name]
            return torch.stack(list(used.values()))

    def _keep(self, embeddings: Mapping[str, Tensor]) -> None:
        self._embeddings.update({name: e.to(self._model.device) for name, e in embeddings.items()})


def _group_names(vocabulary: Vocabulary) -> Tensor:
    """Return the indices of every class's text embeddings (C, K), padded by repeating the first."""
    width = max(len(c.names) for c in vocabulary.classes)
    groups, start = [], 0
    for c in vocabulary.classes:
        own = list(range(start, start + len(c.names)))
        groups.append(own + own[:1] * (width - len(own)))
        start += len(c.names)
    return torch.tensor(groups)
