"""Specifications of parameters, and checks of their values."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
_BOOLEANS = {"true": True, "yes": True, "on": True, "y": True, "1": True}
_BOOLEANS |= {"false": False, "no": False, "off": False, "n": False, "0": False}
_HOW_TO_LIST = {
    "vocabulary": "write a list of quoted names, for example \"['mug', 'robot arm', 'floor|stuff']\"",
    "cameras": "write a list of quoted names, for example \"['front', 'rear']\"",
}
_OWN_TOPICS = {"vocabulary", "label_info", "status", "segment", "set_vocabulary", "enable"}
_MOST_CAMERAS = 32
_SHOWN = 80  # characters of a wrong value in a message
_MOST_CHARACTERS = 4096  # of a string; the limit of paths in Linux


class ParameterError(ValueError):
    """Raised for an invalid parameter value; the message says why and what to write."""


@dataclass(frozen=True)
class Spec:
    """Specification of a parameter, without name and default."""

    description: str
    live: bool  # may change while the node is configured
    low: float | None
    high: float | None
    special: float | None  # allowed besides low to high
    choices: tuple[str, ...]

    @property
    def range_text(self) -> str:
        """For example "0 to 1" or "-1 or 0 to 1"; empty without a range."""
        if self.low is None or self.high is None:
            return ""
        start = "" if self.special is None else f"{self.special:g} or "
        return f"{start}{self.low:g} to {self.high:g}"


def parameter(
    default: Any,
    description: str,
    *,
    live: bool = False,
    low: float | None = None,
    high: float | None = None,
    special: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field for a parameter."""
    return field(default=default, metadata={"spec": Spec(description, live, low, high, special, choices)})


def descriptor(default: object, spec: Spec) -> ParameterDescriptor:
    """Return the ROS descriptor of a parameter; `check` checks types, with better messages than rclpy."""
    constraints = []
    if spec.choices:
        constraints.append("one of " + ", ".join(spec.choices))
    if spec.special is not None:
        constraints.append(spec.range_text)
    if not spec.live:
        constraints.append("fixed while the node is configured")
    described = ParameterDescriptor(
        description=spec.description, dynamic_typing=True, additional_constraints="; ".join(constraints)
    )
    if spec.low is not None and spec.high is not None:
        lowest = spec.low if spec.special is None else min(spec.low, spec.special)
        if isinstance(default, float):
            described.floating_point_range = [FloatingPointRange(from_value=lowest, to_value=spec.high)]
        else:
            described.integer_range = [IntegerRange(from_value=int(lowest), to_value=int(spec.high), step=1)]
    return described


def convert(value: object, default: object) -> object:
    """Convert a value to the default's type if it is unambiguous ("off", "1e-3"), else return it unchanged.

    For command lines and files, where 0 or yes is a valid bool regardless of its type in YAML.
    """
    if isinstance(default, bool):
        return _BOOLEANS.get(str(value).strip().lower(), value)
    if isinstance(default, (int, float)) and isinstance(value, str):
        try:
            return type(default)(value)
        except ValueError:
            return value
    return value


def check(name: str, value: object, default: object, spec: Spec) -> Any:
    """Return `value` in the parameter's type. Raises ParameterError if it is invalid."""
    if isinstance(default, tuple):
        return _check_list(name, value, may_be_empty=not default)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**53 else float("inf")
    if type(value) is not type(default):
        raise ParameterError(f"'{name}' must be {KINDS[type(default)]}, got {_shown(value)}")
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        raise ParameterError(
            f"'{name}' has {len(value)} characters, the maximum is {_MOST_CHARACTERS}: {_shown(value)}"
        )
    if spec.choices and value not in spec.choices:
        raise ParameterError(f"'{name}' must be one of {', '.join(spec.choices)}, got {_shown(value)}")
    if spec.low is not None and spec.high is not None and value != spec.special:
        assert isinstance(value, (int, float))
        if not spec.low <= value <= spec.high:
            start = "" if spec.special is None else f"be {spec.special:g} or "
            raise ParameterError(
                f"'{name}' must {start}lie between {spec.low:g} and {spec.high:g}, got {_shown(value)}"
            )
    return value


def check_cameras(names: tuple[str, ...]) -> None:
    """Raise ParameterError unless these are different names for topics."""
    for name in names:
        if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or "__" in name or name.endswith("_"):
            raise ParameterError(
                f"'cameras' has {_shown(name)}, which cannot be part of a topic's name: use letters, digits "
                "and single _, and a letter first, as in \"['front', 'rear_left']\""
            )
        if names.count(name) > 1:
            raise ParameterError(f"'cameras' has {_shown(name)} twice: give each camera its own name")
        if name in _OWN_TOPICS:
            raise ParameterError(
                f"'cameras' has {_shown(name)}, which is a topic or service of the node: rename it"
            )
    if len(names) > _MOST_CAMERAS:
        raise ParameterError(f"'cameras' has {len(names)} names, the maximum is {_MOST_CAMERAS}")


def _check_list(name: str, value: object, may_be_empty: bool) -> tuple[str, ...]:
    """Check only the type: the meaning of vocabulary's entries depends on the variant."""
    how = _HOW_TO_LIST.get(name, "write a list of quoted strings")
    if value is None or (isinstance(value, (list, tuple, bytes)) and len(value) == 0):
        if may_be_empty:
            return ()
        raise ParameterError(f"'{name}' is empty: {how}")
    if isinstance(value, str):
        raise ParameterError(f"'{name}' must be a list of strings, got the string {_shown(value)}: {how}")
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, str) for entry in value):
        shown = _shown(list(itertools.islice(value, _SHOWN)) if isinstance(value, Iterable) else value)
        raise ParameterError(
            f"'{name}' must be a list of strings, got {shown} (YAML reads yes, no, on, off and "
            f"bare numbers as other types): {how}"
        )
    return tuple(value)


def _shown(value: object) -> str:
    """Return the repr of a value, shortened; lists with millions of entries are cut first."""
    if isinstance(value, (str, bytes, list, tuple)):
        value = value[:_SHOWN]
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
