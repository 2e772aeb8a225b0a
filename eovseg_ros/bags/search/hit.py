"""An object that was found."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An object where it fits best: bag, camera, track (0: none), score 0 to 1, and the image.

    Times are in nanoseconds: stamp is the header's, offset is since the first image of the results. first and
    last are the offsets at which the track begins and ends, frames its number of images that fit. box is x,
    y, width and height in an image of a size (height, width), preview a small JPEG of it.
    """

    bag: str
    results: str
    camera: str
    track_id: int
    score: float
    stamp: int
    offset: int
    first: int
    last: int
    frames: int
    box: tuple[int, int, int, int]
    size: tuple[int, int]
    preview: bytes
