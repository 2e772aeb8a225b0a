"""The names of backends and precisions, their defaults and their error; loads nothing else."""

BACKENDS = ("auto", "torch", "compile", "openvino", "onnxruntime", "tensorrt", "reference")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")

# Of the library, of `eovseg` and of the node alike.
DEFAULT_BACKEND = "auto"
DEFAULT_PRECISION = "fp32"
DEFAULT_DEVICE = "auto"


class BackendError(ValueError):
    """A backend, a precision or a device that cannot be used here; the message says why."""


def has_bfloat16() -> bool:
    """Whether this CPU and this PyTorch compute in bfloat16."""
    import torch

    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
