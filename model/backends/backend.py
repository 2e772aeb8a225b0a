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
