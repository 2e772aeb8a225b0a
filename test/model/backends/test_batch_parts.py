"""Batches in parts of powers of two."""

import pytest
import torch

from eovseg_model.backends.batch_parts import run_in_parts
from eovseg_model.network.eovseg import EOVSegOutput


@pytest.mark.parametrize(
    ("number", "parts"), [(1, [1]), (2, [2]), (3, [2, 1]), (4, [4]), (6, [4, 2]), (7, [4, 2, 1]), (16, [16])]
)
def test_the_parts_are_the_binary_digits_and_their_order_is_kept(number, parts):
    calls = []

    def backend(images, text, seen):
        calls.append((len(images), text, seen))
        return EOVSegOutput(*(images * factor for factor in range(1, 6)))

    images = torch.arange(2.0 * number).view(number, 2)
    output = run_in_parts(backend, images, "text", "seen")
    assert calls == [(part, "text", "seen") for part in parts]
    assert [part.tolist() for part in output] == [(images * factor).tolist() for factor in range(1, 6)]
