"""A picture of all that was found."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from eovseg_ros.bags.search.hit import Hit
from eovseg_ros.bags.search.thumbnails import caption, thumbnail

_COLUMNS = 4
_CELL = 264, 264  # pixels
_LINE = 18
_CHARACTERS = 40  # of a line


def contact_sheet(query: str, hits: Sequence[Hit]) -> Image.Image:
    """Return thumbnails with captions, best first, in rows of four."""
    rows = max(1, -(-len(hits) // _COLUMNS))
    sheet = Image.new("RGB", (_COLUMNS * _CELL[0], 40 + rows * _CELL[1]), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    draw.text((12, 10), _short(f"{query}: {len(hits)} found", 120), "black", ImageFont.load_default(18))
    for i, hit in enumerate(hits):
        x, y = 12 + i % _COLUMNS * _CELL[0], 40 + i // _COLUMNS * _CELL[1]
        picture = Image.fromarray(np.ascontiguousarray(thumbnail(hit)[:, :, ::-1]))
        picture.thumbnail((_CELL[0] - 24, _CELL[1] - 3 * _LINE - 16))
        sheet.paste(picture, (x, y))
        for line, text in enumerate(caption(hit)):
            place = x, y + picture.height + 4 + line * _LINE
            draw.text(place, _short(text, _CHARACTERS), "black" if line else "#0b5394", font)
    return sheet


def _short(text: str, most: int) -> str:
    """Cut a text, and replace what cannot be printed."""
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."
