"""The engine makers by their names."""

import torch

from .engine import EngineMaker


def find_maker(name: str, precision: str, device: torch.device, parallel_calls: int = 1) -> EngineMaker:
    """Return the maker of a backend that has engines; parallel_calls matters to its `load` alone."""
    if name == "openvino":
        from .openvino_engine import openvino_maker

        return openvino_maker(precision, parallel_calls)
    if name == "onnxruntime":
        from .onnxruntime_engine import onnxruntime_maker

        return onnxruntime_maker()
    if name == "compile":
        from .compile_maker import compile_maker

        return compile_maker(precision, device)
    if name == "tensorrt_rtx":
        from .tensorrt_rtx_maker import tensorrt_rtx_maker

        return tensorrt_rtx_maker(precision, device)
    from .tensorrt_maker import tensorrt_maker

    return tensorrt_maker(precision)
