"""The node's parameters: names, defaults, ranges and descriptions, declared once."""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from eovseg_model.backends import BACKENDS, PRECISIONS
from eovseg_model.inference import IMAGE_SHORT_SIDE, VARIANT_SHORT_SIDE
from eovseg_model.vocabulary import Vocabulary

_DEFAULT_VOCABULARY = "@default"


class ParameterError(ValueError):
    """A parameter value that the node refuses; the text says why and what to write."""


@dataclass(frozen=True)
class _Spec:
    description: str
    live: bool  # may change while the node is configured
    low: float | None
    high: float | None
    choices: tuple[str, ...]


def _parameter(
    default: Any,
    description: str,
    *,
    live: bool = False,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    return field(default=default, metadata={"spec": _Spec(description, live, low, high, choices)})


@dataclass(frozen=True)
class NodeParameters:
    """Checked values of all parameters; every change makes a new one."""

    vocabulary: tuple[str, ...] = _parameter(
        (_DEFAULT_VOCABULARY,),
        "Classes to look for. An entry is a class: synonyms by comma, then |thing (default) or |stuff; "
        "@name stands for a named vocabulary (@coco_panoptic for example), @default for the variant's own: "
        "@simulation_trained for tiny, @coco_panoptic for s, m and l.",
        live=True,
    )
    variant: str = _parameter("tiny", "Size of the model.", choices=("tiny", "s", "m", "l"))
    checkpoint: str = _parameter(
        "",
        "Path of the weights; empty: for tiny those that come with the package, for s, m and l what "
        "`eovseg weights fetch` got.",
    )
    device: str = _parameter(
        "auto", "Device of the model: auto (CUDA where there is some), cpu, cuda, cuda:1, ..."
    )
    backend: str = _parameter(
        "auto",
        "What runs the model: auto (TensorRT where it and CUDA are, else torch), or one of the rest. "
        "All but torch and plain build an engine a picture size, in the background while torch serves.",
        choices=BACKENDS,
    )
    precision: str = _parameter(
        "fp32",
        "Number format inside the model. bf16 (torch, openvino; CPUs that have it), int8 (torch; VNNI) and "
        "fp16 (tensorrt) are faster and less exact.",
        choices=PRECISIONS,
    )
    threads: int = _parameter(
        1,
        "Threads of the CPU that the model computes on, 0: as many as PyTorch chooses. Two that wait for "
        "each other on cores that other programs use, too, can be three times slower than one.",
        low=0,
        high=256,
    )
    parallel_frames: int = _parameter(
        1,
        "Frames that are worked on at the same time, each on `threads` threads: with cores to spare more "
        "frames a second, but none of them sooner. They are published in the order of their images.",
        low=1,
        high=64,
    )
    short_side: int = _parameter(
        VARIANT_SHORT_SIDE,
        "Shorter side that images are resized to for the model, pixels; 0: what the variant was made for, "
        "-1: not resized.",
        low=IMAGE_SHORT_SIDE,
        high=4096,
    )
    object_threshold: float = _parameter(0.0, "Least score of a segment.", live=True, low=0.0, high=1.0)
    overlap_threshold: float = _parameter(
        -1.0,
        "Least share of a mask that must stay visible under better ones; -1: what the variant was judged "
        "with (0.8, tiny 0.6).",
        live=True,
        low=-1.0,
        high=1.0,
    )
    max_rate: float = _parameter(
        0.0,
        "Most frames a second that are segmented; 0: as many as the model can.",
        live=True,
        low=0.0,
        high=1000.0,
    )
    image_transport: str = _parameter(
        "raw",
        "Where pictures come from: raw (topic image) or compressed (topic image/compressed).",
        choices=("raw", "compressed"),
    )
    overlay: bool = _parameter(
        True, "Whether ~/overlay is offered; it costs nothing while nobody subscribes."
    )
    overlay_opacity: float = _parameter(
        0.5, "Opacity of the colours on ~/overlay.", live=True, low=0.0, high=1.0
    )
    diagnostics_rate: float = _parameter(
        1.0, "Messages a second on /diagnostics.", live=True, low=0.1, high=10.0
    )
    autostart: bool = _parameter(
        True, "Configure and activate at the start; false: wait for lifecycle transitions."
    )

    @property
    def model_vocabulary(self) -> tuple[str, ...]:
        """The parameter vocabulary in the predictor's words."""
        default = "@simulation_trained" if self.variant == "tiny" else "@coco_panoptic"
        return tuple(default if e.strip() == _DEFAULT_VOCABULARY else e for e in self.vocabulary)

    @property
    def model_overlap_threshold(self) -> float | None:
        """The parameter overlap_threshold in the predictor's words."""
        return self.overlap_threshold if self.overlap_threshold >= 0 else None

    @classmethod
    def declare(cls, node: Node) -> "NodeParameters":
        """Declare every parameter on `node` and read it; ParameterError for a value given at the start."""
        _warn_of_typos(node)
        values = {}
        for name, spec in _specs().items():
            default = getattr(cls, name)
            start = list(default) if isinstance(default, tuple) else default
            try:
                values[name] = node.declare_parameter(name, start, _descriptor(default, spec)).value
            except InvalidParameterValueException as error:  # rclpy checks ranges itself
                raise ParameterError(str(error)) from None
        return cls().replaced(values)

    def replaced(self, values: Mapping[str, object]) -> "NodeParameters":
        """Return a copy with `values` checked and put in; ParameterError for a wrong one."""
        specs = _specs()
        checked = {name: _check(name, value, specs[name]) for name, value in values.items() if name in specs}
        replaced = dataclasses.replace(self, **checked)
        if {"vocabulary", "variant"} & checked.keys():
            try:
                Vocabulary.parse(replaced.model_vocabulary)
            except ValueError as error:
                raise ParameterError(f"'vocabulary' refused: {error}") from error
        return replaced

    def changed_at_run_time(self, parameters: Iterable[Parameter]) -> "NodeParameters":
        """Like `replaced`, but refuse what is fixed while the node is configured."""
        specs = _specs()
        values = {p.name: p.value for p in parameters}
        replaced = self.replaced(values)
        for name in values:
            if name in specs and not specs[name].live and getattr(replaced, name) != getattr(self, name):
                raise ParameterError(
                    f"'{name}' cannot change while the node runs: restart the node with the new value "
                    "(or take it through the lifecycle: deactivate, cleanup, set, configure, activate)"
                )
        return replaced


def _specs() -> dict[str, _Spec]:
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(NodeParameters)}


def _warn_of_typos(node: Node) -> None:
    """Name start values that nobody will read, as ROS passes over them in silence."""
    names = list(_specs())
    for given in getattr(node, "_parameter_overrides", {}):  # rclpy has no public way to them
        similar = difflib.get_close_matches(given, names, 1, 0.8)
        if similar and given not in names:
            node.get_logger().warning(f"no parameter is named '{given}': did you mean '{similar[0]}'?")


def _descriptor(default: object, spec: _Spec) -> ParameterDescriptor:
    """Describe a parameter; types are checked by `_check`, whose refusals say what to write instead."""
    descriptor = ParameterDescriptor(description=spec.description, dynamic_typing=True)
    if spec.choices:
        descriptor.additional_constraints = "one of " + ", ".join(spec.choices)
    if not spec.live:
        descriptor.additional_constraints += (
            "; " if spec.choices else ""
        ) + "fixed while the node is configured"
    if isinstance(default, float) and spec.low is not None and spec.high is not None:
        descriptor.floating_point_range = [FloatingPointRange(from_value=spec.low, to_value=spec.high)]
    elif isinstance(default, int) and spec.low is not None and spec.high is not None:
        descriptor.integer_range = [IntegerRange(from_value=int(spec.low), to_value=int(spec.high), step=1)]
    return descriptor


def _check(name: str, value: object, spec: _Spec) -> Any:
    """Return `value` in the parameter's own type or raise ParameterError."""
    default = getattr(NodeParameters, name)
    if isinstance(default, tuple):
        return _check_vocabulary(name, value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not type(default):
        kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
        raise ParameterError(f"'{name}' must be {kinds[type(default)]}, got {value!r}")
    if spec.choices and value not in spec.choices:
        raise ParameterError(f"'{name}' must be one of {', '.join(spec.choices)}, got {value!r}")
    if spec.low is not None and spec.high is not None:
        assert isinstance(value, (int, float))
        if not spec.low <= value <= spec.high:
            raise ParameterError(f"'{name}' must lie between {spec.low:g} and {spec.high:g}, got {value!r}")
    return value


def _check_vocabulary(name: str, value: object) -> tuple[str, ...]:
    """Check the type alone: what the entries mean depends on the variant."""
    how = "write a list of quoted names, for example \"['mug', 'robot arm', 'floor|stuff']\""
    if value is None or (isinstance(value, (list, tuple, bytes)) and len(value) == 0):
        raise ParameterError(f"'{name}' is empty: {how}")
    if isinstance(value, str):
        raise ParameterError(f"'{name}' must be a list of strings, got the string {value!r}: {how}")
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, str) for entry in value):
        shown = list(value) if isinstance(value, Iterable) else value
        raise ParameterError(
            f"'{name}' must be a list of strings, got {shown!r} (YAML takes yes, no, on, off and "
            f"bare numbers for something else): {how}"
        )
    return tuple(value)
