"""Export the network, with the text as an input, to ONNX, OpenVINO, TensorRT or TensorRT for RTX."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..network import CONFIGS
from .arguments.errors import CommandError
from .info import input_size

if TYPE_CHECKING:
    from ..export import TextShape
    from ..network import EOVSeg

RTX = "tensorrt-rtx"
NEEDS = {  # by format
    "onnx": "onnx onnxscript",
    "openvino": "openvino",
    "tensorrt": "torch-tensorrt",
    RTX: "tensorrt-rtx onnx onnxscript",
}
SUFFIXES = {"onnx": ".onnx", "openvino": ".xml", "tensorrt": ".pt2", RTX: ".rtx"}
TEXT_EMBEDDINGS, SYNONYMS = 256, 8  # by default


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("format", choices=NEEDS)
    add("--variant", choices=CONFIGS, default="s")
    add("--checkpoint", type=Path, help="weights file (default: the file from `eovseg weights fetch`)")
    add("--size", default="640x864", metavar="HxW", help="height x width of the input (default: 640x864)")
    text = f"text embeddings; vocabularies may have up to N - 1 names (default: {TEXT_EMBEDDINGS})"
    add("--text-embeddings", type=int, metavar="N", help=text)
    text = f"maximum number of names per class (default: {SYNONYMS})"
    add("--synonyms", type=int, metavar="K", help=text)
    text = "instead of N and K: the sizes that backends use for this vocabulary ('mug,cup' @lvis)"
    add("--vocabulary", nargs="+", metavar="ENTRY", help=text)
    text = "fp32, or fp16 for the layers that compute features (default: fp32)"
    add("--precision", choices=("fp32", "fp16"), default="fp32", help=text)
    text = f"output file, ending in {', '.join(SUFFIXES.values())} (default for {RTX}: the engine cache)"
    add("--out", type=Path, metavar="FILE", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Load, export and write the network. Raises CommandError if a file or a package is missing."""
    from ..backends import BackendError
    from ..export import EngineBuildError

    size, text_shape = input_size(arguments.size), _text_shape(arguments)
    _check_out(arguments)
    try:
        written = (_write_rtx if arguments.format == RTX else _write)(arguments, size, text_shape)
    except ModuleNotFoundError as error:
        needed = NEEDS[arguments.format]
        raise CommandError(f"{arguments.format} needs `pip install {needed}`: {error}") from error
    except (BackendError, EngineBuildError) as error:
        raise CommandError(str(error)) from error
    print(f"wrote {written}")
    return 0


def _text_shape(arguments: argparse.Namespace) -> "TextShape":
    from ..backends import engine_text_shape
    from ..export import TextShape
    from ..vocabulary import Vocabulary, VocabularyError

    if arguments.vocabulary is None:
        embeddings = TEXT_EMBEDDINGS if arguments.text_embeddings is None else arguments.text_embeddings
        synonyms = SYNONYMS if arguments.synonyms is None else arguments.synonyms
        if embeddings < 2 or synonyms < 1:
            raise CommandError("--text-embeddings must be at least 2 and --synonyms at least 1")
        return TextShape(embeddings, synonyms)
    if arguments.text_embeddings is not None or arguments.synonyms is not None:
        raise CommandError("--vocabulary replaces --text-embeddings and --synonyms; remove one or the other")
    try:
        vocabulary = Vocabulary.parse(arguments.vocabulary)
    except VocabularyError as error:
        raise CommandError(f"--vocabulary: {error}") from error
    names = len(vocabulary.synonyms)
    shape = engine_text_shape(names, max(len(c.names) for c in vocabulary.classes))
    if shape is None:
        raise CommandError(f"the vocabulary has {names} names, which is more than any engine holds")
    return shape


def _check_out(arguments: argparse.Namespace) -> None:
    out, suffix = arguments.out, SUFFIXES[arguments.format]
    if out is None and arguments.format != RTX:
        raise CommandError(f"--out is missing: a file that ends in {suffix}")
    if out is not None and out.suffix != suffix:
        raise CommandError(f"--out must end in {suffix} for {arguments.format}; got {out}")
    if out is not None and not out.parent.is_dir():
        raise CommandError(f"cannot write {out}: folder {out.parent} does not exist")


def _write(arguments: argparse.Namespace, size: tuple[int, int], text_shape: "TextShape") -> Path:
    from ..backends import build, require_tensorrt
    from ..export import export_program, set_precision, write_onnx, write_openvino

    if arguments.format == "tensorrt":
        require_tensorrt()
    model = _load(arguments)
    if arguments.format == "tensorrt":
        model = model.cuda()
    one_operator, runs_on = arguments.format == "openvino", model.device.type
    program = export_program(model, size, text_shape, one_operator_deform=one_operator, runs_on=runs_on)
    if arguments.format == "tensorrt":
        build(program, arguments.out, arguments.precision)
        return arguments.out
    set_precision(program, arguments.precision)
    write = write_onnx if arguments.format == "onnx" else write_openvino
    write(program, arguments.out)
    return arguments.out


def _write_rtx(arguments: argparse.Namespace, size: tuple[int, int], text_shape: "TextShape") -> Path:
    import tensorrt_rtx  # noqa: F401  before the weights are loaded

    from ..backends import EMBEDDINGS, EngineShape, cache_tensorrt_rtx_engine, write_tensorrt_rtx_engine
    from ..backends import SYNONYMS as CACHED_SYNONYMS

    shape = EngineShape(1, *size, text_shape)
    if arguments.out is not None:
        write_tensorrt_rtx_engine(_load(arguments), shape, arguments.out, arguments.precision, _clock())
        return arguments.out
    if text_shape.embeddings not in EMBEDDINGS or text_shape.synonyms not in CACHED_SYNONYMS:
        raise CommandError(
            f"engines in the cache have {', '.join(map(str, EMBEDDINGS))} text embeddings and "
            f"{', '.join(map(str, CACHED_SYNONYMS))} synonyms; got {text_shape.embeddings} and "
            f"{text_shape.synonyms} (--vocabulary chooses the right ones)"
        )
    return cache_tensorrt_rtx_engine(_load(arguments), shape, arguments.precision, _clock())


def _clock() -> Callable[[str], None]:
    """Print every step with the seconds since now."""
    start = time.monotonic()
    return lambda step: print(f"[{time.monotonic() - start:4.0f} s] {step}", flush=True)


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
