"""Whether results are those of a bag, a model and settings."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.reading.files import files_of

_EXTRACT = 1 << 16  # bytes


def fingerprint_of(path: Path, model: Mapping[str, str], settings: LabelSettings) -> str:
    """Return a hash of a model's identity, settings, and what `_extract` takes of the files of a bag.

    Raises BagError and OSError.
    """
    parts = [model, settings.as_dict(), [_extract(file) for file in files_of(path)]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def differences(metadata: Mapping[str, str], model: Mapping[str, str], settings: LabelSettings) -> list[str]:
    """Return the names of what is other in the metadata of results than in a model and settings."""
    if "settings" not in metadata:
        return ["it has no metadata of this program"]
    former, own = _flat(json.loads(metadata["settings"])), _flat(json.loads(json.dumps(settings.as_dict())))
    names = [name for name in own if own[name] != former.get(name)]
    return names + [key for key in model if key not in names and model[key] != metadata.get(key)]


def _extract(file: Path) -> list[Any]:
    """Return name, size, and a hash of the begin and the end of a file."""
    size = file.stat().st_size
    with file.open("rb") as content:
        ends = content.read(_EXTRACT)
        content.seek(max(size - _EXTRACT, 0))
        ends += content.read(_EXTRACT)
    return [file.name, size, hashlib.sha256(ends).hexdigest()]


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without the groups that they are in."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat
