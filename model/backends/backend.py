"""What every backend can do, whatever runs the network underneath."""

from typing import Protocol

from torch import Tensor

from ..network import EOVSegOutput, TextEmbeddings


class Backend(Protocol):
    """A network that is ready to run; `EOVSeg` itself is one.

    The text is an input like the images, so that a new vocabulary never builds anything anew. A backend
    that is built for fixed sizes pads the text itself (text_padding.py) and takes images of its own size.
    """

    def __call__(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        """Normalised images (B, 3, H, W), text without void, seen (C,) -> EOVSegOutput."""
        ...
