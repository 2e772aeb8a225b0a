"""Text of any vocabulary in an input of a fixed size."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..network import PADDING, EOVSegOutput, TextRows


class TextShape(NamedTuple):
    """Rows, and as many classes, and synonyms a class: one more row than any vocabulary in it has."""

    rows: int
    synonyms: int


def pad_text(text: TextRows, seen: Tensor, shape: TextShape) -> tuple[TextRows, Tensor]:
    """The same vocabulary, rows and classes filled up with ones that no mask can be: rows (T, D), seen (C,).

    Raises ValueError for a vocabulary that is too large for the shape.
    """
    rows, groups, _ = text
    (T, _), (C, K) = rows.shape, groups.shape
    if shape.rows <= T or shape.synonyms < K:
        raise ValueError(f"{T} rows and {K} synonyms a class do not fit into {shape}")
    penalty = torch.full((shape.rows,), PADDING, dtype=rows.dtype, device=rows.device)
    penalty[:T] = 0
    groups = torch.cat([groups, groups[:, :1].expand(C, shape.synonyms - K)], dim=1)
    return (
        TextRows(
            F.pad(rows, (0, 0, 0, shape.rows - T)),
            F.pad(groups, (0, 0, 0, shape.rows - C), value=shape.rows - 1),  # a row that is padding
            penalty,
        ),
        F.pad(seen, (0, shape.rows - C)),
    )


def cut_output(output: EOVSegOutput, num_classes: int) -> EOVSegOutput:
    """What the network gave for padded text, without the classes that were padding; void stays last."""

    def cut(logits: Tensor) -> Tensor:
        return torch.cat([logits[..., :num_classes], logits[..., -1:]], dim=-1)

    return EOVSegOutput(cut(output.class_logits), output.mask_logits, cut(output.final_class_logits))
