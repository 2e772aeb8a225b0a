"""The GPUs that engines of TensorRT for RTX run on."""

EXACT = ((8, 0), (8, 6), (8, 9))  # not the ones between: 8.7 is Jetson Orin, 9.0 Hopper
FROM = (12, 0)
TARGETS = "8.0, 8.6, 8.9, 12.0 and later"


def is_target(capability: tuple[int, int]) -> bool:
    """Whether an engine that was built without a target runs on a GPU of this compute capability.

    Source: NVIDIA, TensorRT-RTX documentation, "CPU-Only AOT and TensorRT-RTX Engines".
    """
    return capability in EXACT or capability >= FROM
