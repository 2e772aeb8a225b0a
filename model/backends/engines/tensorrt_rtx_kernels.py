"""The kernels that TensorRT for RTX compiles on a GPU at an engine's first run, kept on disk."""

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import torch

from ...checkpoint import replacing

# Absent under WSL, where only TensorRT for RTX itself compares drivers.
DRIVER = Path("/proc/driver/nvidia/version")


class KernelFile:
    """A file beside the engine for a GPU model, a driver and a version of TensorRT for RTX."""

    def __init__(self, engine_file: Path, device: torch.device, version: str) -> None:
        gpu = f"{torch.cuda.get_device_name(device)} {torch.cuda.get_device_capability(device)}"
        with contextlib.suppress(OSError):
            gpu += DRIVER.read_text(encoding="utf-8")
        digest = hashlib.sha256(f"{gpu}\0{version}".encode()).hexdigest()[:16]
        self._path = engine_file.with_name(f"kernels_{digest}.bin")
        self._content = b""

    def read_into(self, cache: Any) -> None:
        """Fill an IRuntimeCache; it refuses the kernels of another environment and those that are damaged."""
        with contextlib.suppress(OSError):
            content = self._path.read_bytes()
            if cache.deserialize(content):
                self._content = content

    def write_from(self, cache: Any) -> None:
        """Keep the kernels of an IRuntimeCache, unless they are those of the file or it cannot be written."""
        kernels = cache.serialize()
        if kernels is None or (content := bytes(kernels)) == self._content:
            return
        with contextlib.suppress(OSError), replacing(self._path) as draft:
            draft.write_bytes(content)
            self._content = content
