"""Names of backends and precisions, their defaults and their error, without other imports."""

BACKENDS = ("auto", "torch", "compile", "openvino", "onnxruntime", "tensorrt", "tensorrt_rtx", "reference")
PRECISIONS = ("fp32", "tf32", "bf16", "fp16", "int8")

# Defaults of the library, the command `eovseg` and the node.
DEFAULT_BACKEND = "auto"
DEFAULT_PRECISION = "fp32"
DEFAULT_DEVICE = "auto"


class BackendError(ValueError):
    """Raised if a backend, precision or device cannot be used; the message gives the reason."""


def has_bfloat16() -> bool:
    """Return whether this PyTorch supports bfloat16 on this CPU."""
    import torch

    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
