"""Parameters of the model."""

from dataclasses import dataclass

from eovseg_model.backends import BACKENDS, DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION, PRECISIONS
from eovseg_model.inference import IMAGE_SHORT_SIDE, VARIANT_SHORT_SIDE
from eovseg_ros.node.parameter_checks import parameter

DEFAULT_VOCABULARY = ("@default", "set=default")


@dataclass(frozen=True)
class ModelFields:
    """Checked values."""

    vocabulary: tuple[str, ...] = parameter(
        DEFAULT_VOCABULARY[:1],
        "Classes to segment. An entry is a class: names separated by commas, then |thing (default) or "
        "|stuff. @name is a named vocabulary, for example @coco_panoptic, and @default the variant's own: "
        "@simulation_trained for tiny, @coco_panoptic for s, m and l. set=name is the same as @name and "
        "needs no quotes in YAML.",
        live=True,
    )
    variant: str = parameter("tiny", "Size of the model.", choices=("tiny", "s", "m", "l"))
    checkpoint: str = parameter(
        "",
        "Path of the weights; empty: for tiny those of the package, for s, m and l those from "
        "`eovseg weights fetch`.",
    )
    device: str = parameter(
        DEFAULT_DEVICE, "Device of the model: auto (CUDA if available, else cpu), cpu, cuda, cuda:1, ..."
    )
    backend: str = parameter(
        DEFAULT_BACKEND,
        "Backend that runs the model; auto: TensorRT if it and CUDA are available, else torch. All but torch "
        "and reference build an engine per image size, in the background while torch processes the frames.",
        choices=BACKENDS,
    )
    precision: str = parameter(
        DEFAULT_PRECISION,
        "Number format inside the model. Faster and less exact than fp32 are bf16 (torch, openvino; CPUs "
        "that have it) and int8 (torch; CPUs with VNNI), and on GPUs fp16 (torch, compile, tensorrt, "
        "tensorrt_rtx), bf16 and tf32 (torch, compile).",
        choices=PRECISIONS,
    )
    threads: int = parameter(
        1,
        "CPU threads of the model; 0: PyTorch's default. Two threads on cores with other load can be three "
        "times slower than one.",
        low=0,
        high=256,
    )
    parallel_frames: int = parameter(
        1,
        "Frames processed at the same time, each on `threads` threads. With free cores, this increases the "
        "frame rate, but does not reduce latency. Frames are published in the order of their images.",
        low=1,
        high=64,
    )
    short_side: int = parameter(
        VARIANT_SHORT_SIDE,
        "Shorter side to which images are resized for the model, pixels; 0: the variant's default, "
        "-1: no resizing. An image that then has more than 4194304 pixels is skipped.",
        low=IMAGE_SHORT_SIDE,
        high=4096,
    )
    object_threshold: float = parameter(0.0, "Minimum score of a segment.", live=True, low=0.0, high=1.0)
    overlap_threshold: float = parameter(
        -1.0,
        "Minimum share of a mask that masks with higher scores do not cover; -1: the variant's default "
        "(0.8, tiny 0.6).",
        live=True,
        low=0.0,
        high=1.0,
        special=-1.0,
    )
