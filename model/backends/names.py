"""The names of backends and precisions; importing them loads nothing else."""

BACKENDS = ("auto", "torch", "compile", "openvino", "onnxruntime", "tensorrt", "plain")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")


def has_bfloat16() -> bool:
    """Whether this CPU and this PyTorch compute in bfloat16."""
    import torch

    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
