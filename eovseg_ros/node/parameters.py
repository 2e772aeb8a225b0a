"""The node's parameters: names, defaults, ranges and descriptions, declared once."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from eovseg_model.backends import BACKENDS, DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION, PRECISIONS
from eovseg_model.data import MAX_PIXELS
from eovseg_model.inference import IMAGE_SHORT_SIDE, VARIANT_SHORT_SIDE
from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.node.parameter_checks import ParameterError, Spec, check, descriptor, parameter

__all__ = ["NodeParameters", "ParameterError", "parameter_specs"]

_DEFAULT_VOCABULARY = ("@default", "set=default")
_NAMES_CLASSES = {"vocabulary", "variant"}  # parameters

Parse = Callable[[Sequence[str]], Vocabulary]


@dataclass(frozen=True)
class NodeParameters:
    """Checked values of all parameters."""

    vocabulary: tuple[str, ...] = parameter(
        _DEFAULT_VOCABULARY[:1],
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
    max_rate: float = parameter(
        0.0,
        "Maximum frames per second; 0: as many as the model can process.",
        live=True,
        low=0.01,
        high=1000.0,
        special=0.0,
    )
    tracking: bool = parameter(
        True, "Follow objects from frame to frame: the same track_id for the same object.", live=True
    )
    track_memory: float = parameter(
        10.0,
        "Time for which an object that is not seen is remembered, seconds of the images' stamps.",
        live=True,
        low=0.1,
        high=3600.0,
    )
    smoothing: float = parameter(
        0.8,
        "Weight of the past in the average of an object's class probabilities, which decides its name and "
        "score; 0: each frame by itself. Needs tracking.",
        live=True,
        low=0.0,
        high=0.99,
    )
    publish_embeddings: bool = parameter(
        False,
        "Publish each segment's class embedding, for comparisons with text or other segments.",
        live=True,
    )
    image_transport: str = parameter(
        "raw",
        "Source of images: raw (topic image) or compressed (`/compressed` below the topic that image is "
        "remapped to).",
        choices=("raw", "compressed"),
    )
    max_pixels: int = parameter(
        MAX_PIXELS,
        "Maximum pixels of an image; larger images are skipped, compressed ones before they are decoded. The "
        "default is a frame of 8K video.",
        live=True,
        low=1,
        high=1_000_000_000,
    )
    overlay: bool = parameter(True, "Offer ~/overlay; it costs nothing without subscribers.")
    overlay_opacity: float = parameter(
        0.5, "Opacity of the colours on ~/overlay.", live=True, low=0.0, high=1.0
    )
    diagnostics_rate: float = parameter(
        1.0, "Messages per second on ~/status and /diagnostics.", live=True, low=0.1, high=10.0
    )
    autostart: bool = parameter(
        True, "Configure and activate at the start; false: wait for lifecycle transitions."
    )

    @property
    def model_vocabulary(self) -> tuple[str, ...]:
        """The parameter vocabulary as the predictor expects it."""
        default = "@simulation_trained" if self.variant == "tiny" else "@coco_panoptic"
        return tuple(default if e.strip() in _DEFAULT_VOCABULARY else e for e in self.vocabulary)

    @property
    def model_overlap_threshold(self) -> float | None:
        """The parameter overlap_threshold as the predictor expects it."""
        return self.overlap_threshold if self.overlap_threshold >= 0 else None

    @classmethod
    def declare(cls, node: Node, parse: Parse = Vocabulary.parse) -> "NodeParameters":
        """Declare all parameters on `node` and read them. Raises ParameterError for an invalid value."""
        values = {}
        for name, spec in parameter_specs().items():
            default = getattr(cls, name)
            start = list(default) if isinstance(default, tuple) else default
            try:
                values[name] = node.declare_parameter(name, start, descriptor(default, spec)).value
            except InvalidParameterValueException as error:  # rclpy checks ranges itself
                raise ParameterError(str(error)) from None
        return cls().replaced(values, parse)

    def replaced(self, values: Mapping[str, object], parse: Parse = Vocabulary.parse) -> "NodeParameters":
        """Return a copy with new values. Raises ParameterError for an invalid one."""
        replaced = self._with_checked(values)
        if _NAMES_CLASSES & values.keys():
            try:
                parse(replaced.model_vocabulary)
            except ValueError as error:
                raise ParameterError(f"'vocabulary' refused: {error}") from error
        return replaced

    def requested_vocabulary(self, values: Mapping[str, object]) -> tuple[str, ...] | None:
        """Return `model_vocabulary` with these values; None if they do not set it or have a wrong type."""
        if not _NAMES_CLASSES & values.keys():
            return None
        try:
            return self._with_checked(values).model_vocabulary
        except ParameterError:
            return None

    def _with_checked(self, values: Mapping[str, object]) -> "NodeParameters":
        specs = parameter_specs()
        checked = {
            name: check(name, value, getattr(NodeParameters, name), specs[name])
            for name, value in values.items()
            if name in specs
        }
        return dataclasses.replace(self, **checked)

    def changed_at_run_time(
        self, parameters: Iterable[Parameter], parse: Parse = Vocabulary.parse
    ) -> "NodeParameters":
        """Like `replaced`, but refuse changes of parameters that are not live."""
        specs = parameter_specs()
        values = {p.name: p.value for p in parameters}
        replaced = self.replaced(values, parse)
        for name in values:
            if name in specs and not specs[name].live and getattr(replaced, name) != getattr(self, name):
                raise ParameterError(
                    f"'{name}' cannot change while the node runs: restart the node with the new value "
                    "(or take it through the lifecycle: deactivate, cleanup, set, configure, activate)"
                )
        return replaced


def parameter_specs() -> dict[str, Spec]:
    """Return the specifications of all parameters by name, in the order of the fields."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(NodeParameters)}
