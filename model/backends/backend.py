"""Interface of all backends."""

from typing import Protocol

from torch import Tensor

from ..network import EOVSegOutput, TextEmbeddings


class Backend(Protocol):
    """A network that is ready to run, for example `EOVSeg`.

    The text is an input like the images, so that a new vocabulary needs no rebuild. Backends with fixed sizes
    pad the text (text_padding.py).
    """

    def __call__(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        """Run the network on normalised images (B, 3, H, W), text without void, and seen (C,)."""
        ...


def run_once(backend: Backend, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
    """Run a backend on inputs whose sizes need not come again.

    It uses an engine that is ready for these sizes, but builds none and drops none, and its status stays that
    of the other calls.
    """
    run: Backend = getattr(backend, "run_once", backend)  # others keep nothing for a size
    return run(images, text, seen)
