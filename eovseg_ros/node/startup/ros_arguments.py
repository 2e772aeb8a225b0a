"""Parsing of the command line as in rcl: ROS arguments, parameters, and other arguments."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from eovseg_ros.node.startup.yaml_values import read_file, read_value

_SHOWN = 200  # characters of a rule in a message
_WITH_VALUE = {
    *("-p", "--param", "-r", "--remap", "--params-file", "--log-level", "--log-config-file"),
    *("--log-file-name", "-e", "--enclave"),
}


class GivenParameter(NamedTuple):
    """A parameter on the command line or in a file, its source, and its node names (with wildcards)."""

    name: str
    value: object
    source: str
    nodes: str

    @property
    def in_a_file(self) -> bool:
        """Whether it is from a file, which may also be for other nodes."""
        return not self.source.startswith("-")

    def is_for(self, full_name: str) -> bool:
        """Whether it applies to a node of this name."""
        pattern = (
            re.escape("/" + self.nodes.lstrip("/")).replace(r"/\*\*", r"(/\w+)*").replace(r"/\*", r"/\w+")
        )
        return re.fullmatch(pattern, full_name) is not None


def other_arguments(words: Sequence[str]) -> list[str]:
    """Return the words outside of --ros-args ... --."""
    return [word for word, in_ros in _scoped(words) if not in_ros]


def given_parameters(words: Sequence[str]) -> list[GivenParameter]:
    """Return every -p and every entry of a --params-file in order; the last one of a name counts."""
    given: list[GivenParameter] = []
    for flag, argument in _options(words):
        # rcl reports files and rules that are not valid YAML.
        with contextlib.suppress(OSError, yaml.YAMLError):
            if flag in ("-p", "--param"):
                given.append(_from_rule(flag, argument))
            elif flag == "--params-file" and Path(argument).is_file():  # not a pipe: rcl has emptied it
                values = read_file(Path(argument))
                given.extend(GivenParameter(name, value, argument, nodes) for nodes, name, value in values)
    return given


def full_name(words: Sequence[str], name: str) -> str:
    """Return the full name of a node `name` after these remappings; the first one counts."""
    rules = [argument for flag, argument in _options(words) if flag in ("-r", "--remap")]
    name = _remapped(rules, name, "__node|__name") or name
    namespace = _remapped(rules, name, "__ns") or "/"
    return f"/{name}" if namespace == "/" else f"{namespace}/{name}"


def _remapped(rules: Sequence[str], name: str, what: str) -> str | None:
    pattern = rf"({re.escape(name)}:)?({what}):=(?P<target>.+)"
    matches = (re.fullmatch(pattern, rule) for rule in rules)
    return next((match["target"] for match in matches if match), None)


def _from_rule(flag: str, rule: str) -> GivenParameter:
    left, _, text = rule.partition(":=")
    node, _, name = left.rpartition(":")
    # rcl looks for the name in the root namespace only, but users mean this node.
    nodes = f"/**/{node}" if node else "/**"
    shown = rule if len(rule) <= _SHOWN else f"{rule[:_SHOWN]}..."
    return GivenParameter(name, read_value(text), f"{flag} {shown}", nodes)


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the ROS flags that take a value, with their values."""
    ros = iter([word for word, in_ros in _scoped(words) if in_ros])
    for word in ros:
        if word in _WITH_VALUE and (argument := next(ros, None)) is not None:
            yield word, argument


def _scoped(words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield all words except --ros-args and --, and whether they are between these."""
    in_ros = False
    for word in words:
        if word == "--ros-args":
            in_ros = True
        elif word == "--" and in_ros:
            in_ros = False
        else:
            yield word, in_ros
