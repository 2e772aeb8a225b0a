"""Build engines of TensorRT for RTX, which needs no GPU."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch.export import ExportedProgram

from .half_precision import set_precision
from .onnx import write_onnx
from .tensorrt_rtx_log import tensorrt_rtx_log


class EngineBuildError(RuntimeError):
    """TensorRT for RTX refuses a network; the message gives its reason, and the node if it names one."""


def write_tensorrt_rtx(
    program: ExportedProgram,
    path: Path,
    precision: str = "fp32",
    report: Callable[[str], None] = lambda step: None,
) -> None:
    """Write an engine for compute capabilities 8.0, 8.6, 8.9, 12.0 and later; report is told every step.

    "fp16" inserts half precision into the program itself; with "fp32" no product is in TF32 either. Raises
    EngineBuildError, ValueError for an unknown precision, and ImportError if a package is missing.
    """
    import tensorrt_rtx as trt

    set_precision(program, precision)
    log = tensorrt_rtx_log(trt)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, log.collecting() as errors:
        onnx_file = Path(folder) / "network.onnx"
        report("writing ONNX")
        write_onnx(program, onnx_file)
        report("parsing ONNX")
        builder = trt.Builder(log)
        network = builder.create_network()
        parser = trt.OnnxParser(network, log)
        if not parser.parse_from_file(str(onnx_file)):
            raise EngineBuildError(f"TensorRT for RTX refuses the network: {_refusal(parser)}")
        report("building the engine")
        config = builder.create_builder_config()  # without a target: for all GPUs but Turing
        if precision == "fp32":
            config.clear_flag(trt.BuilderFlag.TF32)
        engine = builder.build_serialized_network(network, config)
        if engine is None:
            reason = errors[-1] if errors else "its log has no error"
            raise EngineBuildError(f"TensorRT for RTX built no engine: {reason}")
        path.write_bytes(engine)


def _refusal(parser: Any) -> str:
    """What the parser says of the first node that it refuses."""
    if not parser.num_errors:
        return "the parser gives no reason"
    error = parser.get_error(0)
    reason = " ".join(error.desc().split())
    if not error.node_operator():
        return reason
    return f"node {error.node_name()} of operator {error.node_operator()}: {reason}"
