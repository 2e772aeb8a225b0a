"""Text classifier, and geometric ensemble with the out-of-vocabulary branch."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAX_LOGIT_SCALE = 100.0
PADDING = -1e4  # fits half precision and is far below every logit
SMALLEST_NORM = 1e-6  # half precision rounds torch's default, 1e-12, to 0
SMALLEST_PROBABILITY = 1e-8


class TextEmbeddings(NamedTuple):
    """L2-normalised text embeddings (T, D) of a vocabulary's names, and the embeddings of each class.

    groups (C, K) holds the indices of every class's synonyms, padded by repeating the first. penalty (T,), if
    not None, is added to the logits of the embeddings: 0, or PADDING for those that only pad a fixed size.
    """

    embeddings: Tensor
    groups: Tensor
    penalty: Tensor | None = None


class VoidEmbedding(nn.Module):
    """The learned text embedding of void."""

    def __init__(self, *, text_dim: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(0.02 * torch.randn(1, text_dim))

    def forward(self, text: TextEmbeddings) -> TextEmbeddings:
        """Append void as the last embedding and the last class: (T + 1, D) and (C + 1, K)."""
        embeddings, groups, penalty = text
        void = torch.full_like(groups[:1], embeddings.shape[0])
        return TextEmbeddings(
            torch.cat([embeddings, normalize(self.embedding)]),
            torch.cat([groups, void]),
            None if penalty is None else F.pad(penalty, (0, 1)),
        )


def initial_logit_scale() -> nn.Parameter:
    """Return CLIP's initial logit scale, log(1 / 0.07)."""
    return nn.Parameter(torch.tensor(math.log(1 / 0.07)))


def normalize(embedding: Tensor) -> Tensor:
    """Divide embeddings (..., D) by their L2 norm."""
    return F.normalize(embedding, dim=-1, eps=SMALLEST_NORM)


def class_logits(embedding: Tensor, text: TextEmbeddings, logit_scale: Tensor) -> Tensor:
    """Return the scaled cosine to the best synonym of each class: embedding (B, N, D) -> (B, N, C).

    Computed in float32 with mixed-precision training, because large bfloat16 logits have steps of 0.5.
    """
    device = embedding.device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        with torch.autocast(device, enabled=False):
            return class_logits(embedding.float(), text, logit_scale)
    scale = logit_scale.exp().clamp(max=MAX_LOGIT_SCALE)
    embedding = normalize(embedding)
    logits = scale * (embedding @ text.embeddings.transpose(0, 1))  # (B, N, T)
    if text.penalty is not None:
        logits = logits + text.penalty
    C, K = text.groups.shape
    return logits[..., text.groups.flatten()].unflatten(-1, (C, K)).amax(-1)


def geometric_ensemble(in_logits: Tensor, out_logits: Tensor, weight: Tensor, valid: Tensor | None) -> Tensor:
    """Combine the classifications of decoder and out-of-vocabulary branch (after Yu et al. 2023).

    in_logits (B, N, C + 1), void last, are the decoder's, out_logits (B, N, C) the branch's; weight (C,) is
    the branch's exponent a. Where valid (B, N) is False, only the decoder counts; None means all are valid.
    Returns log(p + 1e-8), (B, N, C + 1), void last; p is p_in^(1 - a) * p_out^a, normalised to 1 - p_void.

    Computed with logarithms, because half precision can represent neither small probabilities nor 1e-8.
    """
    log_in, log_void = in_logits.log_softmax(-1).tensor_split([-1], dim=-1)
    log_object = log_in.logsumexp(-1, keepdim=True)  # log(1 - void)
    log_out = out_logits.log_softmax(-1)
    if valid is not None:
        weight = weight * valid.unsqueeze(-1)
    joint = ((1 - weight) * (log_in - log_object) + weight * log_out).log_softmax(-1)
    return _raise_to_smallest(torch.cat([joint + log_object, log_void], dim=-1))


def _raise_to_smallest(log_probability: Tensor) -> Tensor:
    """log(p) -> log(p + SMALLEST_PROBABILITY)."""
    smallest = math.log(SMALLEST_PROBABILITY)
    return log_probability.clamp(min=smallest) + F.softplus(-(log_probability - smallest).abs())
