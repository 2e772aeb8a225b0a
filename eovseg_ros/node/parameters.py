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
    """Checked values of all parameters; every change makes a new one."""

    vocabulary: tuple[str, ...] = parameter(
        _DEFAULT_VOCABULARY[:1],
        "Classes to look for. An entry is a class: synonyms by comma, then |thing (default) or |stuff; "
        "@name stands for a named vocabulary (@coco_panoptic for example), @default for the variant's own: "
        "@simulation_trained for tiny, @coco_panoptic for s, m and l. set=name means @name and needs no "
        "quotes in YAML.",
        live=True,
    )
    variant: str = parameter("tiny", "Size of the model.", choices=("tiny", "s", "m", "l"))
    checkpoint: str = parameter(
        "",
        "Path of the weights; empty: for tiny those that come with the package, for s, m and l what "
        "`eovseg weights fetch` got.",
    )
    device: str = parameter(
        DEFAULT_DEVICE, "Device of the model: auto (CUDA where there is some), cpu, cuda, cuda:1, ..."
    )
    backend: str = parameter(
        DEFAULT_BACKEND,
        "What runs the model: auto (TensorRT where it and CUDA are, else torch), or one of the rest. "
        "All but torch and reference build an engine a picture size, in the background while torch serves.",
        choices=BACKENDS,
    )
    precision: str = parameter(
        DEFAULT_PRECISION,
        "Number format inside the model. bf16 (torch, openvino; CPUs that have it), int8 (torch; VNNI) and "
        "fp16 (tensorrt) are faster and less exact.",
        choices=PRECISIONS,
    )
    threads: int = parameter(
        1,
        "Threads of the CPU that the model computes on, 0: as many as PyTorch chooses. Two that wait for "
        "each other on cores that other programs use, too, can be three times slower than one.",
        low=0,
        high=256,
    )
    parallel_frames: int = parameter(
        1,
        "Frames that are worked on at the same time, each on `threads` threads: with cores to spare more "
        "frames a second, but none of them sooner. They are published in the order of their images.",
        low=1,
        high=64,
    )
    short_side: int = parameter(
        VARIANT_SHORT_SIDE,
        "Shorter side that images are resized to for the model, pixels; 0: what the variant was made for, "
        "-1: not resized. An image that then has more than 4194304 pixels is skipped.",
        low=IMAGE_SHORT_SIDE,
        high=4096,
    )
    object_threshold: float = parameter(0.0, "Least score of a segment.", live=True, low=0.0, high=1.0)
    overlap_threshold: float = parameter(
        -1.0,
        "Least share of a mask that must stay visible under better ones; -1: what the variant was judged "
        "with (0.8, tiny 0.6).",
        live=True,
        low=0.0,
        high=1.0,
        special=-1.0,
    )
    max_rate: float = parameter(
        0.0,
        "Most frames a second that are segmented; 0: as many as the model can.",
        live=True,
        low=0.01,
        high=1000.0,
        special=0.0,
    )
    image_transport: str = parameter(
        "raw",
        "Where pictures come from: raw (topic image) or compressed (`/compressed` below what image is "
        "remapped to).",
        choices=("raw", "compressed"),
    )
    max_pixels: int = parameter(
        MAX_PIXELS,
        "Most pixels of an image; a larger one is skipped, and a compressed one not even decoded. The "
        "default is a frame of 8K video.",
        live=True,
        low=1,
        high=1_000_000_000,
    )
    overlay: bool = parameter(True, "Whether ~/overlay is offered; it costs nothing while nobody subscribes.")
    overlay_opacity: float = parameter(
        0.5, "Opacity of the colours on ~/overlay.", live=True, low=0.0, high=1.0
    )
    diagnostics_rate: float = parameter(
        1.0, "Messages a second on ~/status and /diagnostics.", live=True, low=0.1, high=10.0
    )
    autostart: bool = parameter(
        True, "Configure and activate at the start; false: wait for lifecycle transitions."
    )

    @property
    def model_vocabulary(self) -> tuple[str, ...]:
        """The parameter vocabulary in the predictor's words."""
        default = "@simulation_trained" if self.variant == "tiny" else "@coco_panoptic"
        return tuple(default if e.strip() in _DEFAULT_VOCABULARY else e for e in self.vocabulary)

    @property
    def model_overlap_threshold(self) -> float | None:
        """The parameter overlap_threshold in the predictor's words."""
        return self.overlap_threshold if self.overlap_threshold >= 0 else None

    @classmethod
    def declare(cls, node: Node, parse: Parse = Vocabulary.parse) -> "NodeParameters":
        """Declare every parameter on `node` and read it; ParameterError for a value given at the start."""
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
        """Return a copy with `values` checked and put in; ParameterError for a wrong one."""
        replaced = self._with_checked(values)
        if _NAMES_CLASSES & values.keys():
            try:
                parse(replaced.model_vocabulary)
            except ValueError as error:
                raise ParameterError(f"'vocabulary' refused: {error}") from error
        return replaced

    def requested_vocabulary(self, values: Mapping[str, object]) -> tuple[str, ...] | None:
        """`model_vocabulary` with these values; None where they leave it alone or have a wrong type."""
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
        """Like `replaced`, but refuse what is fixed while the node is configured."""
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
    """Name -> description, range and the like, in the order of the fields."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(NodeParameters)}
