"""Batches for backends that prepare for fixed sizes."""

import torch
from torch import Tensor

from ..network import EOVSegOutput, TextEmbeddings
from .backend import Backend


def run_in_parts(backend: Backend, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
    """Run a backend on parts of a batch with 1, 2, 4, 8, ... images, so that it meets few sizes.

    Seven images are four, two and one. A part costs little more than its share of a batch.
    """
    number = images.shape[0]
    sizes = [1 << bit for bit in reversed(range(number.bit_length())) if number >> bit & 1]
    outputs = [backend(part, text, seen) for part in images.split(sizes)]
    if len(outputs) == 1:
        return outputs[0]
    return EOVSegOutput(*(torch.cat(parts) for parts in zip(*outputs, strict=True)))
