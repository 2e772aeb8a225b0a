"""The current vocabulary and parameters as text to copy."""

import shlex
from collections.abc import Mapping, Sequence

import yaml


def as_commands(node: str, entries: Sequence[str], settings: Mapping[str, float]) -> str:
    """Return a `ros2 param set` command per parameter, for a POSIX shell."""
    lines = (
        [_command(node, "vocabulary", "[" + ", ".join(_quoted(e) for e in entries) + "]")] if entries else []
    )
    lines += [_command(node, name, repr(float(value))) for name, value in settings.items()]
    return "\n".join(lines)


def as_yaml(node: str, entries: Sequence[str], settings: Mapping[str, float]) -> str:
    """Return a parameter file for `--params-file`."""
    values: dict[str, object] = {"vocabulary": list(entries)} if entries else {}
    values |= {name: float(value) for name, value in settings.items()}
    return yaml.safe_dump({node: {"ros__parameters": values}}, sort_keys=False, allow_unicode=True)


def _command(node: str, name: str, value: str) -> str:
    # Double quotes read better around the single ones of YAML, but a shell looks into them.
    quoted = f'"{value}"' if "'" in value and not set(value) & set('"$`\\!') else shlex.quote(value)
    return f"ros2 param set {shlex.quote(node)} {name} {quoted}"


def _quoted(entry: str) -> str:
    return "'" + entry.replace("'", "''") + "'"  # YAML
