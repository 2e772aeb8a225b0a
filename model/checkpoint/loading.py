"""Load weights into a network; every key and shape is checked."""

import itertools
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from .atomic import replacing
from .errors import CheckpointError
from .hashing import hash_weights
from .long_lived import long_lived_tensors
from .published import is_published, published_name, rename

TEXT_TOWER = "text_encoder"
FIRST = 5  # offending keys named in an error
TEXT_HASH = "text_hash"  # metadata: hash of the text tower's weights


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Return the state dict of a `.safetensors` file or a torch checkpoint (its "model" entry, if present).

    Never unpickles code. Raises CheckpointError if the file is missing or unreadable.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"weights file not found: {path}")
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        mapped = zipfile.is_zipfile(path)  # files written by torch before 1.6 are not zip files
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except UnpicklingError as error:  # torch's message suggests running the code
        raise CheckpointError(
            f"{path} is not a weights file, or holds objects other than tensors; such files could run "
            "code when loaded and are refused"
        ) from error
    except Exception as error:  # each reader raises its own exceptions
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(f"cannot read weights file {path}: {reason}") from error
    return _entries_of(content, str(path))


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    """Return all tensors; those of the text tower stay memory-mapped.

    They are never read if the text of the vocabulary is cached. The others are copied one part of the network
    at a time, so that each part's memory can be freed once inference has changed its layout.
    """
    with safe_open(path, framework="pt") as file:
        names = sorted(file.keys())
    entries: dict[str, Tensor] = {}
    for part, members in itertools.groupby(names, lambda name: name.partition(".")[0]):
        with safe_open(path, framework="pt") as file, long_lived_tensors():
            for name in members:
                tensor = file.get_tensor(name)
                entries[name] = tensor if part == TEXT_TOWER else tensor.clone()
    return entries


def _entries_of(content: Any, source: str) -> dict[str, Tensor]:
    """Return the state dict of a checkpoint: its "model" entry if present, else all of it."""
    entries = content.get("model", content) if isinstance(content, Mapping) else None
    if not entries or not all(isinstance(value, Tensor) for value in entries.values()):
        raise CheckpointError(f"no state dict in {source}: expected a mapping of names to tensors")
    return dict(entries)


def read_metadata(path: str | Path) -> dict[str, str]:
    """Return the metadata of a `.safetensors` file; an empty dict for other files."""
    if Path(path).suffix != ".safetensors":
        return {}
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


def load_weights(model: nn.Module, state_dict: Mapping[str, Any], source: str = "the state dict") -> None:
    """Load a published or own state dict into model without copying; floats become float32.

    state_dict maps names to tensors, or has such a mapping as its "model" entry. Raises CheckpointError
    naming the first keys that are missing, unexpected or of the wrong shape.
    """
    entries = matching(_entries_of(state_dict, source), model.state_dict(), source)
    entries = {k: v.float() if v.is_floating_point() else v for k, v in entries.items()}
    trainable = {name for name, p in model.named_parameters() if p.requires_grad}
    model.load_state_dict(entries, strict=True, assign=True)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in trainable)


def save_weights(model: nn.Module, path: str | Path, metadata: Mapping[str, str], dtype: torch.dtype) -> None:
    """Save model's state dict as safetensors, floats as dtype, with the hash of its text tower; atomic."""
    entries = {
        k: (v.to(dtype) if v.is_floating_point() else v).contiguous() for k, v in model.state_dict().items()
    }
    text = {k: v for k, v in entries.items() if k.startswith(f"{TEXT_TOWER}.")}
    with replacing(Path(path)) as draft:
        save_file(entries, draft, metadata={**metadata, TEXT_HASH: hash_weights(text)})


def convert(
    state_dict: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]
) -> None:
    """Save a published state dict under our names as safetensors, without the entries unused in inference.

    expected holds the names and shapes of the variant; floats become float32, so that loading need not
    copy. The file is written atomically. Raises CheckpointError for entries that do not fit.
    """
    entries = matching(state_dict, expected, "the checkpoint")
    entries = _separate({k: v.float() if v.is_floating_point() else v for k, v in entries.items()})
    text = {k: v for k, v in entries.items() if k.startswith(f"{TEXT_TOWER}.")}
    with replacing(path) as draft:
        save_file(entries, draft, metadata={**metadata, TEXT_HASH: hash_weights(text)})


def _separate(entries: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return contiguous entries that share no memory, as safetensors requires."""
    seen: set[int] = set()
    separate = {}
    for name, tensor in entries.items():
        memory = tensor.data_ptr()
        separate[name] = tensor.clone() if memory in seen else tensor.contiguous()
        seen.add(memory)
    return separate


def matching(
    state_dict: Mapping[str, Tensor], expected: Mapping[str, Tensor], source: str
) -> dict[str, Tensor]:
    """Return a published or own state dict under our names, without the entries unused in inference.

    Raises CheckpointError unless names and shapes are exactly those of expected; the message lists the
    first keys by their names in the file.
    """
    published = is_published(state_dict)
    entries = rename(state_dict, expected) if published else dict(state_dict)
    named = published_name if published else str
    faults = {
        "missing": [named(k) for k in expected if k not in entries],
        "unexpected": [named(k) for k in entries if k not in expected],
        "of the wrong shape": [
            f"{named(k)} {tuple(v.shape)}, expected {tuple(expected[k].shape)}"
            for k, v in entries.items()
            if k in expected and v.shape != expected[k].shape
        ],
    }
    lines = [f"{len(keys)} {what}: {', '.join(keys[:FIRST])}" for what, keys in faults.items() if keys]
    if lines:
        raise CheckpointError(f"{source} does not fit this variant; " + "; ".join(lines))
    return entries
