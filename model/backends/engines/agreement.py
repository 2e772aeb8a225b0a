"""Whether an engine computes what torch does."""

import torch

from ...network import EOVSegOutput

# Relative norms of the difference. Engines that work stay far below: they differ from torch by up to 1e-4 in
# fp32 and 5 % in bf16 (test/model/backends).
TOLERANCES = {"fp32": 0.01, "tf32": 0.1, "fp16": 0.3, "bf16": 0.3}


def describe_difference(found: EOVSegOutput, expected: EOVSegOutput, precision: str) -> str:
    """Return the outputs that differ by more than the precision's tolerance, and how much; empty if none."""
    tolerance = TOLERANCES[precision]
    faults = []
    for name, one, other in zip(EOVSegOutput._fields, found, expected, strict=True):
        if one.shape != other.shape:
            faults.append(f"{name} has the shape {tuple(one.shape)} instead of {tuple(other.shape)}")
            continue
        size = torch.linalg.vector_norm(other).clamp(min=1e-6)
        difference = float(torch.linalg.vector_norm(one - other) / size)
        if not difference <= tolerance:  # also if it is NaN
            faults.append(f"{name} by {difference:.1%}")
    return f"{', '.join(faults)} (at most {tolerance:.0%})" if faults else ""
