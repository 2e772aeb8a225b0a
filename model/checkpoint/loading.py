"""Weights into a network, checked key by key and shape by shape."""

import itertools
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from .hashing import hash_weights
from .long_lived import long_lived_tensors
from .published import is_published, published_name, rename

TEXT_TOWER = "text_encoder"
FIRST = 5  # offending keys named in an error
TEXT_HASH = "text_hash"  # metadata: hash of the text tower's weights


class CheckpointError(ValueError):
    """A weights file that cannot be used; the message names the first keys that do not fit."""


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """The entries of a `.safetensors` file or of a torch checkpoint (its "model" entry, if it has one).

    Never unpickles code. Raises CheckpointError for a missing or unreadable file.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no weights file {path}")
    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        mapped = zipfile.is_zipfile(path)  # torch files from before 1.6 are not
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:  # torch's own words advise to run the file's code
        raise CheckpointError(
            f"{path} is no weights file, or holds more than tensors; what would run code is never read"
        ) from error
    except Exception as error:  # every reader has its own errors
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(f"{path} is not a readable weights file: {reason}") from error
    return _entries_of(content, str(path))


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    """All tensors; those of the text tower stay in the file until they are looked at.

    With a vocabulary whose text is cached they never are. The others are copied, part by part, so that each
    can be given back when inference has laid it out anew.
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
    """The state dict in what a checkpoint holds: its "model" entry, or all of it."""
    entries = content.get("model", content) if isinstance(content, Mapping) else None
    if not entries or not all(isinstance(value, Tensor) for value in entries.values()):
        raise CheckpointError(f"{source} holds no state dict (a mapping of names to tensors)")
    return dict(entries)


def read_metadata(path: str | Path) -> dict[str, str]:
    """What a `.safetensors` file says of itself; nothing for other files."""
    if Path(path).suffix != ".safetensors":
        return {}
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


def load_weights(model: nn.Module, state_dict: Mapping[str, Any], source: str = "the state dict") -> None:
    """Put published or own entries into model, taking the tensors over; floats become float32.

    state_dict maps names to tensors, or has such a mapping as its "model" entry. Raises CheckpointError
    naming the first missing, unexpected and misshapen keys.
    """
    entries = matching(_entries_of(state_dict, source), model.state_dict(), source)
    entries = {k: v.float() if v.is_floating_point() else v for k, v in entries.items()}
    trainable = {name for name, p in model.named_parameters() if p.requires_grad}
    model.load_state_dict(entries, strict=True, assign=True)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in trainable)


def save_weights(model: nn.Module, path: str | Path, metadata: Mapping[str, str], dtype: torch.dtype) -> None:
    """Write model's state dict as safetensors, floats as dtype, with the hash of its text tower."""
    entries = {
        k: (v.to(dtype) if v.is_floating_point() else v).contiguous() for k, v in model.state_dict().items()
    }
    text = {k: v for k, v in entries.items() if k.startswith(f"{TEXT_TOWER}.")}
    save_file(entries, path, metadata={**metadata, TEXT_HASH: hash_weights(text)})


def convert(
    state_dict: Mapping[str, Tensor], expected: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]
) -> None:
    """Write a published state dict under our names as safetensors, without what inference never uses.

    expected holds the names and shapes of the variant; floats become float32, so that loading copies
    nothing. The file appears whole or not at all. Raises CheckpointError for entries that do not fit.
    """
    entries = matching(state_dict, expected, "the checkpoint")
    entries = _separate({k: v.float() if v.is_floating_point() else v for k, v in entries.items()})
    text = {k: v for k, v in entries.items() if k.startswith(f"{TEXT_TOWER}.")}
    part = path.with_suffix(".part")
    save_file(entries, part, metadata={**metadata, TEXT_HASH: hash_weights(text)})
    part.replace(path)


def _separate(entries: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Entries that are contiguous and share no memory, as safetensors wants them."""
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
    """Published or own entries under our names, without what inference never uses.

    Raises CheckpointError, with the first keys under the names that the file has for them, unless they
    have exactly the names and shapes of expected.
    """
    published = is_published(state_dict)
    entries = rename(state_dict, expected) if published else dict(state_dict)
    named = published_name if published else str
    faults = {
        "missing": [named(k) for k in expected if k not in entries],
        "unexpected": [named(k) for k in entries if k not in expected],
        "of another shape": [
            f"{named(k)} {tuple(v.shape)}, expected {tuple(expected[k].shape)}"
            for k, v in entries.items()
            if k in expected and v.shape != expected[k].shape
        ],
    }
    lines = [f"{len(keys)} {what}: {', '.join(keys[:FIRST])}" for what, keys in faults.items() if keys]
    if lines:
        raise CheckpointError(f"{source} does not fit this variant; " + "; ".join(lines))
    return entries
