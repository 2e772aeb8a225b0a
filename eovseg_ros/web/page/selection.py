"""What one browser looks at."""

from dataclasses import dataclass


@dataclass
class Selection:
    """A camera, a kind of picture and a segment; changed by the elements of one page."""

    camera: str = ""
    kind: str = "overlay"
    segment: str = ""  # its `key_of`; empty without one
