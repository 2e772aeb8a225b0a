"""TensorRT for RTX's engines for the engine backend, which any machine can build."""

import copy
import json
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from ...checkpoint import hash_weights, sha256_of
from ...export import INPUT_NAMES, OUTPUT_NAMES, export_program, write_tensorrt_rtx
from ...network import EOVSeg
from ..names import BackendError
from .engine import EngineMaker
from .shape import EngineShape
from .tensorrt_rtx_engine import TensorRTRTXEngine
from .tensorrt_rtx_targets import TARGETS

FILE = "network.rtx"


def tensorrt_rtx_maker(precision: str, device: torch.device) -> EngineMaker:
    """Engines in "fp32" or "fp16", which run on every GPU that is a target; they are loaded on device."""
    import tensorrt_rtx

    return EngineMaker(
        "tensorrt_rtx",
        f"{tensorrt_rtx.__version__} {platform.machine()}",
        partial(_build, precision),
        lambda folder: TensorRTRTXEngine(folder / FILE, device),
        targets=TARGETS,
    )


def write_tensorrt_rtx_engine(
    model: EOVSeg,
    shape: EngineShape,
    file: Path,
    precision: str,
    report: Callable[[str], None] = lambda step: None,
) -> None:
    """Write an engine of model to file, and what it was built from to a JSON file beside it.

    Works on the CPU, wherever model is; report is told every step. Raises BackendError if a package is
    missing, EngineBuildError if TensorRT for RTX refuses the network.
    """
    try:
        import onnx  # noqa: F401  now, not after a minute
        import onnxscript  # noqa: F401
        import tensorrt_rtx
    except ImportError as error:
        raise BackendError(
            f"building an engine needs `pip install tensorrt-rtx onnx onnxscript`: {error}"
        ) from error
    if model.device.type != "cpu":
        model = copy.deepcopy(model, {id(model.text_encoder): nn.Identity()}).cpu()
    report("exporting the network")
    size = (shape.height, shape.width)
    program = export_program(model, size, shape.text, shape.batch, runs_on="cuda")
    write_tensorrt_rtx(program, file, precision, report)
    weights = {k: v for k, v in model.state_dict().items() if not k.startswith("text_encoder.")}
    manifest = {
        "tensorrt_rtx": tensorrt_rtx.__version__,
        "machine": platform.machine(),
        "compute_capabilities": TARGETS,
        "variant": model.config.name,
        "precision": precision,
        "batch": shape.batch,
        "height": shape.height,
        "width": shape.width,
        "text_embeddings": shape.text.embeddings,
        "synonyms": shape.text.synonyms,
        "inputs": INPUT_NAMES,
        "outputs": OUTPUT_NAMES,
        "weights_sha256": hash_weights(weights),  # without the text encoder, which is not in the engine
        "engine_sha256": sha256_of(file),
        "engine_bytes": file.stat().st_size,
    }
    file.with_name(f"{file.name}.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _build(precision: str, model: EOVSeg, shape: EngineShape, folder: Path) -> None:
    write_tensorrt_rtx_engine(model, shape, folder / FILE, precision)
