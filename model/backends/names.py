"""The names of backends and precisions; importing them loads nothing else."""

BACKENDS = ("auto", "torch", "compile", "openvino", "onnxruntime", "tensorrt", "plain")
PRECISIONS = ("fp32", "bf16", "fp16", "int8")
