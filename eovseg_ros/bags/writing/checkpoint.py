"""What a run needs to continue a bag after its last whole chunk, in a file beside the unfinished one."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Checkpoint:
    """State after a whole chunk."""

    fingerprint: str  # of the settings and the bag; with others, a run begins anew
    size: int  # bytes of the unfinished file
    images: int  # that are done, skipped ones included
    counts: Mapping[str, Any] = field(default_factory=dict)  # of the report
    trackers: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)  # by camera


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file by this state, or leave it as it was. Raises OSError."""
    rest = {
        "fingerprint": checkpoint.fingerprint,
        "size": checkpoint.size,
        "images": checkpoint.images,
        "counts": checkpoint.counts,
        "cameras": list(checkpoint.trackers),
    }
    arrays = {"rest": np.frombuffer(json.dumps(rest).encode(), np.uint8)}
    for i, saved in enumerate(checkpoint.trackers.values()):
        arrays |= {f"{i}/{name}": array for name, array in saved.items()}
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("wb") as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return the state, or None without a file or with one that cannot be read."""
    try:
        with np.load(path) as loaded:
            arrays = dict(loaded)
        rest = json.loads(arrays.pop("rest").tobytes())
        trackers: dict[str, dict[str, np.ndarray]] = {camera: {} for camera in rest["cameras"]}
        for key, array in arrays.items():
            number, _, name = key.partition("/")
            trackers[rest["cameras"][int(number)]][name] = array
        return Checkpoint(rest["fingerprint"], rest["size"], rest["images"], rest["counts"], trackers)
    except (OSError, EOFError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        return None
