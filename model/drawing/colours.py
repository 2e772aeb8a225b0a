"""Colours of names and of tracks, the same in every process and for every vocabulary."""

import colorsys
import zlib

Colour = tuple[int, int, int]  # RGB, 0 to 255

_GOLDEN_RATIO = 0.6180339887  # steps of it around the circle of hues stay far apart
_THING_SATURATION, _THING_VALUES = 0.78, (1.0, 0.86, 0.72)
_STUFF_SATURATION, _STUFF_VALUES = 0.30, (0.76, 0.66, 0.56)


def name_colour(name: str, *, is_thing: bool) -> Colour:
    """Return the colour of a class: bright for a thing, pale for stuff.

    Example:
        >>> name_colour("mug", is_thing=True) == name_colour("mug", is_thing=True)
        True
    """
    number = zlib.crc32(name.encode())
    saturation, values = (
        (_THING_SATURATION, _THING_VALUES) if is_thing else (_STUFF_SATURATION, _STUFF_VALUES)
    )
    return _colour((number & 0xFFFF) / 0x10000, saturation, values[(number >> 16) % len(values)])


def track_colour(track_id: int) -> Colour:
    """Return the colour of a track, far from those of the ids before it.

    Example:
        >>> track_colour(1), track_colour(2)
        ((56, 114, 255), (148, 219, 48))
    """
    value = _THING_VALUES[(track_id - 1) % len(_THING_VALUES)]
    return _colour(track_id * _GOLDEN_RATIO % 1, _THING_SATURATION, value)


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue
