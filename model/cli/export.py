"""Export the network, with the text as an input, to ONNX, OpenVINO or TensorRT."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..network import CONFIGS
from .arguments.errors import CommandError
from .info import input_size

if TYPE_CHECKING:
    from ..network import EOVSeg

NEEDS = {"onnx": "onnx onnxscript", "openvino": "openvino", "tensorrt": "torch-tensorrt"}  # by format
SUFFIXES = {"onnx": ".onnx", "openvino": ".xml", "tensorrt": ".pt2"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("format", choices=NEEDS)
    add("--variant", choices=CONFIGS, default="s")
    add("--checkpoint", type=Path, help="weights file (default: the file from `eovseg weights fetch`)")
    add("--size", default="640x864", metavar="HxW", help="height x width of the input (default: 640x864)")
    text = "text embeddings; vocabularies may have up to N - 1 names (default: 256)"
    add("--text-embeddings", type=int, default=256, metavar="N", help=text)
    add("--synonyms", type=int, default=8, metavar="K", help="maximum number of names per class (default: 8)")
    text = "fp32, or fp16 for the layers that compute features (default: fp32)"
    add("--precision", choices=("fp32", "fp16"), default="fp32", help=text)
    add(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=f"output file, ending in {', '.join(SUFFIXES.values())}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Load, export and write the network. Raises CommandError if a file or a package is missing."""
    from ..backends import TensorRTError

    size = input_size(arguments.size)
    if arguments.text_embeddings < 2 or arguments.synonyms < 1:
        raise CommandError("--text-embeddings must be at least 2 and --synonyms at least 1")
    if arguments.out.suffix != SUFFIXES[arguments.format]:
        raise CommandError(
            f"--out must end in {SUFFIXES[arguments.format]} for {arguments.format}; got {arguments.out}"
        )
    if not arguments.out.parent.is_dir():
        raise CommandError(f"cannot write {arguments.out}: folder {arguments.out.parent} does not exist")
    try:
        _write(arguments, size)
    except ModuleNotFoundError as error:
        needed = NEEDS[arguments.format]
        raise CommandError(f"{arguments.format} needs `pip install {needed}`: {error}") from error
    except TensorRTError as error:
        raise CommandError(str(error)) from error
    print(f"wrote {arguments.out}")
    return 0


def _write(arguments: argparse.Namespace, size: tuple[int, int]) -> None:
    from ..backends import build, require_tensorrt
    from ..export import TextShape, export_program, set_precision, write_onnx, write_openvino

    if arguments.format == "tensorrt":
        require_tensorrt()
    model = _load(arguments)
    if arguments.format == "tensorrt":
        model = model.cuda()
    program = export_program(
        model,
        size,
        TextShape(arguments.text_embeddings, arguments.synonyms),
        one_operator_deform=arguments.format == "openvino",
    )
    if arguments.format == "tensorrt":
        build(program, arguments.out, arguments.precision)
        return
    set_precision(program, arguments.precision)
    write = write_onnx if arguments.format == "onnx" else write_openvino
    write(program, arguments.out)


def _load(arguments: argparse.Namespace) -> "EOVSeg":
    from ..checkpoint import CheckpointError
    from ..inference import EOVSegPredictor

    try:
        predictor = EOVSegPredictor.from_checkpoint(
            arguments.variant, arguments.checkpoint, ["thing"], device="cpu", backend="reference"
        )
    except CheckpointError as error:
        raise CommandError(str(error)) from error
    return predictor.model
