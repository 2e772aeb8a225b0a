"""The names of backends and precisions, and the error for one that is not to be had; loads nothing else."""

BACKENDS = ("auto", "torch", "compile", "openvino", "onnxruntime", "tensorrt", "plain")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")


class BackendError(ValueError):
    """A backend or a precision that cannot be had here; the message says why."""


def has_bfloat16() -> bool:
    """Whether this CPU and this PyTorch compute in bfloat16."""
    import torch

    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
