"""Parameter values in YAML, with the types that rcl gives them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

_TRUE = re.compile("y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON")
_FALSE = re.compile("n|N|no|No|NO|false|False|FALSE|off|Off|OFF")


class FileValue(NamedTuple):
    """A parameter in a file, and the node names (with wildcards) of its section."""

    nodes: str
    name: str
    value: object


def read_value(text: str) -> object:
    """Parse the text after := of a parameter. Raises yaml.YAMLError for invalid YAML."""
    return _value(yaml.compose(text, yaml.SafeLoader))


def read_file(path: Path) -> Iterator[FileValue]:
    """Yield the parameters of a file in order. Raises OSError or yaml.YAMLError if it cannot be read."""
    with path.open("rb") as file:
        root = yaml.compose(file, yaml.SafeLoader)
    yield from _sections(root, "")


def _sections(node: yaml.Node | None, nodes: str) -> Iterator[FileValue]:
    for key, value in _pairs(node):
        if key == "ros__parameters":
            for name, scalar in _leaves(value, ""):
                yield FileValue(nodes, name, _value(scalar))
        else:
            yield from _sections(value, f"{nodes.rstrip('/')}/{key.lstrip('/')}")


def _leaves(node: yaml.Node, prefix: str) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in _pairs(node):
        if isinstance(value, yaml.MappingNode):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _pairs(node: yaml.Node | None) -> list[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return []
    return [(key.value, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]


def _value(node: yaml.Node | None) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        return None
    return node.value if node.style in ("'", '"') else _plain(node.value)


def _plain(text: str) -> object:
    """Parse a word without quotes by rcl's rules, which differ from YAML 1.1 and 1.2."""
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return _TRUE.fullmatch(text) is not None
    if re.fullmatch(r"[+-]?0[0-7]+", text):
        return int(text, 8)
    if re.fullmatch(r"[+-]?(0[xX][0-9a-fA-F]+|\d+)", text):
        return int(text, 0)
    try:
        return text if "_" in text else float(re.sub(r"^([+-]?)\.(?=[a-zA-Z])", r"\1", text))
    except ValueError:
        return text
