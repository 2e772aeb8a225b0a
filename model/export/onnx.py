"""ONNX files of the network."""

from pathlib import Path

import torch
from torch.export import ExportedProgram

from .program import INPUT_NAMES, OUTPUT_NAMES


def write_onnx(program: ExportedProgram, path: Path) -> None:
    """Write a program whose deformable convolution is not one operator.

    Raises ImportError without onnx and onnxscript.
    """
    import onnx  # noqa: F401  torch's own words for its absence are longer
    import onnxscript  # noqa: F401

    exported = torch.onnx.export(
        program, dynamo=True, input_names=list(INPUT_NAMES), output_names=list(OUTPUT_NAMES), verbose=False
    )
    assert exported is not None
    exported.save(path)
