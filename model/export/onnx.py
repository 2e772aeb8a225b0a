"""Export to ONNX."""

from pathlib import Path

import torch
from torch.export import ExportedProgram

from .program import INPUT_NAMES, OUTPUT_NAMES


def write_onnx(program: ExportedProgram, path: Path) -> None:
    """Write a program, exported without one_operator_deform, as ONNX.

    Raises ImportError if onnx or onnxscript is not installed.
    """
    import onnx  # noqa: F401  for a shorter error than torch's if it is missing
    import onnxscript  # noqa: F401

    exported = torch.onnx.export(
        program, dynamo=True, input_names=list(INPUT_NAMES), output_names=list(OUTPUT_NAMES), verbose=False
    )
    assert exported is not None
    exported.save(path)
