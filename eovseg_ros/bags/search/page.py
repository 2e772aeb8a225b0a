"""An HTML page of all that was found, which needs no other file."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

import cv2

from eovseg_ros.bags.search.hit import Hit
from eovseg_ros.bags.search.thumbnails import caption, thumbnail

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # nothing is loaded, nothing runs
_STYLE = """\
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
body { background: white; color: #222; }
h1 { font-size: 1.4rem; }
ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; padding: 0; }
li { list-style: none; border: 1px solid #ddd; border-radius: 6px; overflow: hidden; }
img { display: block; width: 100%; background: #eee; }
p { margin: .4rem .6rem; overflow-wrap: anywhere; }
b { color: #0b5394; }
small { color: #666; }
@media (prefers-color-scheme: dark) {
  body { background: #181a1b; color: #ddd; }
  li { border-color: #444; }
  b { color: #8ab4f8; }
  small { color: #999; }
}"""


def page(query: str, hits: Sequence[Hit], places: Sequence[str]) -> str:
    """Return the page; places names what was searched."""
    title = escape(f"{query}: {len(hits)} found")
    searched = escape(", ".join(places))
    items = "\n".join(map(_item, hits))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title}</title>
<style>
{_STYLE}
</style>
</head>
<body>
<h1>{title}</h1>
<p>Searched: {searched}</p>
<ol>
{items}
</ol>
</body>
</html>
"""


def _item(hit: Hit) -> str:
    bag, *lines = map(escape, caption(hit))
    written, jpeg = cv2.imencode(".jpg", thumbnail(hit), (cv2.IMWRITE_JPEG_QUALITY, 85))
    assert written
    source = f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}"
    text = "<br>".join([f"<b>{bag}</b>", *lines, f"<small>{_utc(hit.stamp)}</small>"])
    return f'<li><img src="{source}" alt="{bag}, {lines[0]}" loading="lazy"><p>{text}</p></li>'


def _utc(stamp: int) -> str:
    """Return a stamp as UTC if it can be one, else in seconds."""
    try:
        moment = datetime.fromtimestamp(stamp / 1e9, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{stamp / 1e9:.3f} s"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{stamp % 10**9 // 10**6:03d} UTC"
