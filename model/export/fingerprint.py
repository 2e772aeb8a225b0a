"""Fingerprint of the code that exports the graph, so that no engine of other code is used."""

import functools
import hashlib
from importlib.metadata import version
from pathlib import Path

MODEL = Path(__file__).parents[1]
ROOMS = ("network", "export")  # whose code determines the graph
PACKAGES = ("torch", "torchvision", "open_clip_torch", "timm")  # which provide modules and exporters


@functools.cache
def graph_fingerprint() -> str:
    """Return a SHA-256 over the sources of network and export and the versions of the packages they use.

    It changes more often than the graph does. The hash of an exported graph would not, but exporting one
    takes longer than loading an engine.
    """
    digest = hashlib.sha256()
    for room in ROOMS:
        for file in sorted((MODEL / room).rglob("*.py")):
            digest.update(f"{file.relative_to(MODEL)}\0".encode())
            digest.update(file.read_bytes())
    for package in PACKAGES:
        # Builds of one version for CPUs and for CUDA, 2.14.1+cpu and 2.14.1+cu130, export the same graph.
        digest.update(f"{package} {version(package).partition('+')[0]}\0".encode())
    return digest.hexdigest()
