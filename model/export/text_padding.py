"""Pad the text of any vocabulary to a fixed size."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..network import PADDING, EOVSegOutput, TextEmbeddings


class TextShape(NamedTuple):
    """Maximum text embeddings (and classes) and synonyms per class; one embedding is reserved for padding."""

    embeddings: int
    synonyms: int


def pad_text(text: TextEmbeddings, seen: Tensor, shape: TextShape) -> tuple[TextEmbeddings, Tensor]:
    """Pad a vocabulary with embeddings and classes that no mask is assigned to; seen is (C,).

    Raises ValueError if the vocabulary is too large for the shape.
    """
    embeddings, groups, _ = text
    (T, _), (C, K) = embeddings.shape, groups.shape
    if shape.embeddings <= T or shape.synonyms < K:
        raise ValueError(f"{T} text embeddings and {K} synonyms per class do not fit into {shape}")
    penalty = torch.full((shape.embeddings,), PADDING, dtype=embeddings.dtype, device=embeddings.device)
    penalty[:T] = 0
    groups = torch.cat([groups, groups[:, :1].expand(C, shape.synonyms - K)], dim=1)
    return (
        TextEmbeddings(
            F.pad(embeddings, (0, 0, 0, shape.embeddings - T)),
            F.pad(groups, (0, 0, 0, shape.embeddings - C), value=shape.embeddings - 1),  # a padding embedding
            penalty,
        ),
        F.pad(seen, (0, shape.embeddings - C)),
    )


def cut_output(output: EOVSegOutput, num_classes: int) -> EOVSegOutput:
    """Remove the padding classes from the network's output; void stays last."""

    def cut(logits: Tensor) -> Tensor:
        return torch.cat([logits[..., :num_classes], logits[..., -1:]], dim=-1)

    return output._replace(
        class_logits=cut(output.class_logits), final_class_logits=cut(output.final_class_logits)
    )
