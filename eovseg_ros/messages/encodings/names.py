"""Names of the supported encodings."""

from .packed import PACKED_ENCODINGS, PACKED_PICTURES
from .planar import PLANAR_PICTURES

PICTURES = (*PACKED_PICTURES, *PLANAR_PICTURES)
_GREY = {"mono8", "mono16", "8UC1"}


def canonical_name(encoding: str) -> str:
    """Return the name as in the tables; drivers that use V4L2's names write NV12, for example."""
    return encoding if encoding in PACKED_ENCODINGS else encoding.lower()


def is_colour(name: str) -> bool:
    """Whether a supported encoding has colours."""
    return name in PICTURES and name not in _GREY
