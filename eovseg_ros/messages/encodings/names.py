"""Names of the encodings that are read."""

from .packed import PACKED_ENCODINGS, PACKED_PICTURES
from .planar import PLANAR_PICTURES

PICTURES = (*PACKED_PICTURES, *PLANAR_PICTURES)
_GREY = {"mono8", "mono16", "8UC1"}


def canonical_name(encoding: str) -> str:
    """The name as the tables have it; drivers that take over names of V4L2 write NV12, for example."""
    return encoding if encoding in PACKED_ENCODINGS else encoding.lower()


def is_colour(name: str) -> bool:
    """Whether an encoding that is read has colours."""
    return name in PICTURES and name not in _GREY
