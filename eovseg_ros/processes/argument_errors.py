"""One-line errors for ROS arguments, with what to write instead."""

import re
from pathlib import Path

import yaml

_QUOTE = "YAML needs quotes around a word that begins with @: write {}, or set=coco_panoptic without quotes"

_QUOTE_WORDS = "quote strings that contain a colon, and words such as yes, no and 1 in a list of strings"
_TOKENS = "between the slashes are letters, digits and _, and no digit first"


class ArgumentError(ValueError):
    """Raised for an invalid command line; the message says why and what to write."""


def explain(error: RuntimeError) -> str:
    """Return the reason of an error of rclpy in terms of the command line."""
    text = str(error)
    if type(error).__name__ == "UnknownROSArgsError":
        return (
            f"unknown ROS arguments {text}: after --ros-args come -p name:=value, -r from:=to, "
            "--params-file FILE, --log-level LEVEL and the like"
        )
    reason = re.sub(r", at /[^,]*?:\d+", "", text.removeprefix("failed to initialize rcl: "))
    reason = " ".join(reason.split())
    match = re.match(
        r"Couldn't parse (?P<what>.+?): '(?P<flag>\S+) (?P<argument>.*)'. Error: (?P<why>.*)", reason
    )
    if not match:
        return reason
    describe = {
        "parameter override rule": _parameter,
        "params file": _file,
        "remap rule": _remapping,
        "log level": _log_level,
    }.get(match["what"])
    detail = describe(match["argument"], match["why"]) if describe else match["why"]
    return f"{match['flag']} {match['argument']}: {detail}"


def _parameter(rule: str, why: str) -> str:
    name, separator, value = rule.partition(":=")
    if not separator:
        return f"write it as {name}:=value"
    if not value.strip():
        return f"the value is missing; an empty string is written {name}:=\"''\""
    if not re.fullmatch(r"(\w+:)?\w+([./]\w+)*", name):
        return f"{name!r} is not a valid parameter name: write name:=value or node:name:=value"
    return yaml_fault(value) or f"{why}; {_QUOTE_WORDS}"


def _file(path: str, why: str) -> str:
    file = Path(path)
    if not file.exists():
        return "no such file"
    if file.is_dir():
        return "this is a folder, not a file"
    try:
        hint = _QUOTE_WORDS if "Sequence" in why else "the form is /**: {ros__parameters: {name: value}}"
        return yaml_fault(file.read_text(encoding="utf-8-sig")) or f"{why}; {hint}"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return "is not UTF-8 text"


def yaml_fault(text: str) -> str:
    """Return why and where a text is not valid YAML; empty if it is valid."""
    try:
        yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark.line if error.problem_mark else 0
        line = f"line {place + 1}: " if len(text.splitlines()) > 1 else ""
        if "'@'" in str(error.problem):
            wrong = text.splitlines()[place].strip()
            quoted = re.sub(r"""(?<![\w'"/])@[^\s,\]]+""", r"'\g<0>'", wrong)
            return line + _QUOTE.format(f"[{quoted}]" if wrong.startswith("@") else quoted)
        return f"{line}this is not valid YAML: {error.problem}"
    except (yaml.YAMLError, RecursionError) as error:
        return f"this is not valid YAML: {type(error).__name__}"
    return ""


def _remapping(rule: str, why: str) -> str:
    name, separator, target = rule.partition(":=")
    if not separator:
        return f"write it as {name}:=/other/name, for example image:=/camera/image_raw"
    if name.endswith(("__node", "__name")):
        return f"{target!r} is not a valid node name: letters, digits and _, and no digit first"
    if name.endswith("__ns"):
        return f"{target!r} is not a valid namespace: it begins with /, for example /robot; {_TOKENS}"
    return f"{name!r} or {target!r} is not a valid topic name, for example /camera/image_raw; {_TOKENS}"


def _log_level(level: str, why: str) -> str:
    return f"{level!r} is not a log level: debug, info, warn, error or fatal, or logger:=level"
