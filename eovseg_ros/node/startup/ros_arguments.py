"""The command line as rcl reads it: ROS arguments, the parameters among them, and the rest."""

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
    """A parameter that the user gave, where, and for nodes of which name (with wildcards)."""

    name: str
    value: object
    source: str
    nodes: str

    @property
    def in_a_file(self) -> bool:
        """Whether it was given in a file, which may be for other nodes, too."""
        return not self.source.startswith("-")

    def is_for(self, full_name: str) -> bool:
        """Whether a node of this name takes it."""
        pattern = (
            re.escape("/" + self.nodes.lstrip("/")).replace(r"/\*\*", r"(/\w+)*").replace(r"/\*", r"/\w+")
        )
        return re.fullmatch(pattern, full_name) is not None


def other_arguments(words: Sequence[str]) -> list[str]:
    """The words outside of --ros-args ... --."""
    return [word for word, in_ros in _scoped(words) if not in_ros]


def given_parameters(words: Sequence[str]) -> list[GivenParameter]:
    """Every -p and every entry of a --params-file in the order of the words; of one name the last counts."""
    given: list[GivenParameter] = []
    for flag, argument in _options(words):
        # What is no YAML here though rcl could read it, is left to rcl.
        with contextlib.suppress(OSError, yaml.YAMLError):
            if flag in ("-p", "--param"):
                given.append(_from_rule(flag, argument))
            elif flag == "--params-file" and Path(argument).is_file():  # no pipe, which rcl has emptied
                values = read_file(Path(argument))
                given.extend(GivenParameter(name, value, argument, nodes) for nodes, name, value in values)
    return given


def full_name(words: Sequence[str], name: str) -> str:
    """The name and namespace of a node `name` after these remappings; the first one counts."""
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
    # rcl takes a node's name for one in the root namespace; whoever writes it means this node.
    nodes = f"/**/{node}" if node else "/**"
    shown = rule if len(rule) <= _SHOWN else f"{rule[:_SHOWN]}..."
    return GivenParameter(name, read_value(text), f"{flag} {shown}", nodes)


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """ROS flags that take a value, with it."""
    ros = iter([word for word, in_ros in _scoped(words) if in_ros])
    for word in ros:
        if word in _WITH_VALUE and (argument := next(ros, None)) is not None:
            yield word, argument


def _scoped(words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Every word but the marks --ros-args and --, and whether it stands between these."""
    in_ros = False
    for word in words:
        if word == "--ros-args":
            in_ros = True
        elif word == "--" and in_ros:
            in_ros = False
        else:
            yield word, in_ros
