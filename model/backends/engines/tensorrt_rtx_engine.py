"""Engines of TensorRT for RTX at run time. No GPU has run this yet."""

import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ...export import INPUT_NAMES, OUTPUT_NAMES, tensorrt_rtx_log
from ..names import BackendError
from .tensorrt_rtx_kernels import KernelFile


class TensorRTRTXEngine:
    """An engine on a device, with fixed buffers and a stream of its own; calls take turns."""

    def __init__(self, file: Path, device: torch.device) -> None:
        """Raises RuntimeError for a file that a new build would cure, BackendError for all else."""
        import tensorrt_rtx as trt

        self._device = device
        self._log = tensorrt_rtx_log(trt)
        self._running = threading.Lock()
        self._first_run = True
        with torch.cuda.device(device), self._log.collecting() as errors:
            engine = _deserialize(trt, self._log, file, errors)
            self._buffers = _buffers(trt, engine, device)
            config = engine.create_runtime_config()
            config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
            self._kernels = config.create_runtime_cache()
            self._kernel_file = KernelFile(file, device, trt.__version__)
            self._kernel_file.read_into(self._kernels)
            config.set_runtime_cache(self._kernels)
            self._context = engine.create_execution_context(config)
            if self._context is None:
                raise RuntimeError(f"TensorRT for RTX made no execution context: {_last(errors)}")
            for name, buffer in self._buffers.items():
                self._context.set_tensor_address(name, buffer.data_ptr())
            self._stream = torch.cuda.Stream(device)  # on the default one TensorRT waits for the device
            self._buffers_free = torch.cuda.Event()  # recorded once the last call's outputs are copied

    def __call__(
        self, images: Tensor, text_embeddings: Tensor, groups: Tensor, penalty: Tensor, seen: Tensor
    ) -> tuple[Tensor, ...]:
        inputs = dict(
            zip(INPUT_NAMES, (images, text_embeddings, groups, penalty, seen), strict=True),
        )
        for name, value in inputs.items():
            if value.shape != self._buffers[name].shape:
                wanted, got = tuple(self._buffers[name].shape), tuple(value.shape)
                raise ValueError(f"the engine takes {name} of shape {wanted}, not {got}")
        with self._running, torch.cuda.device(self._device), self._log.collecting() as errors:
            # What the caller owns is touched on the caller's stream alone, so that PyTorch's allocator, which
            # knows streams by what they allocate, never gives away memory that is still in use.
            caller = torch.cuda.current_stream(self._device)
            caller.wait_event(self._buffers_free)
            for name, value in inputs.items():
                self._buffers[name].copy_(value, non_blocking=True)
            self._stream.wait_stream(caller)
            if not self._context.execute_async_v3(self._stream.cuda_stream):
                raise RuntimeError(f"TensorRT for RTX did not run: {_last(errors)}")
            caller.wait_stream(self._stream)
            outputs = tuple(self._buffers[name].clone() for name in OUTPUT_NAMES)
            self._buffers_free.record(caller)
            if self._first_run:  # which has compiled the kernels
                self._kernel_file.write_from(self._kernels)
                self._first_run = False
        return outputs


def _deserialize(trt: ModuleType, log: Any, file: Path, errors: list[str]) -> Any:
    """The ICudaEngine of a file."""
    content = file.read_bytes()
    runtime = trt.Runtime(log)
    validity, flags = runtime.get_engine_validity(content)
    if validity == trt.EngineValidity.INVALID:
        kinds = trt.EngineInvalidityDiagnostics
        reasons = [name for name, kind in kinds.__members__.items() if flags & int(kind)]
        message = f"TensorRT for RTX refuses the engine: {', '.join(reasons) or _last(errors)}"
        curable = flags & (int(kinds.VERSION_MISMATCH) | int(kinds.MALFORMED_ENGINE))
        raise RuntimeError(message) if curable else BackendError(message)
    engine = runtime.deserialize_cuda_engine(content)
    if engine is None:
        raise RuntimeError(f"TensorRT for RTX did not load the engine: {_last(errors)}")
    return engine


def _buffers(trt: ModuleType, engine: Any, device: torch.device) -> dict[str, Tensor]:
    """A tensor on the device for every input and output."""
    names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    if sorted(names) != sorted(INPUT_NAMES + OUTPUT_NAMES):
        raise RuntimeError(f"an engine of other inputs and outputs: {', '.join(names)}")
    types = {
        trt.DataType.FLOAT: torch.float32,
        trt.DataType.INT64: torch.int64,
        trt.DataType.BOOL: torch.bool,
    }
    return {
        name: torch.zeros(
            tuple(engine.get_tensor_shape(name)), dtype=types[engine.get_tensor_dtype(name)], device=device
        )
        for name in names
    }


def _last(errors: list[str]) -> str:
    return errors[-1] if errors else "its log has no error"
