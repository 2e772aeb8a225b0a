"""The segments of the newest frame as a table."""

import math
from typing import Any

from nicegui import ui

from eovseg_model.drawing import segment_colours, segment_title
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.web.page.buttons import text
from eovseg_ros.web.page.elements import SegmentsElement
from eovseg_ros.web.page.selection import Selection
from eovseg_ros.web.robot.camera_view import key_of

_MOST_ROWS = 200


class SegmentsPanel:
    """Names, scores, areas and, with depth, positions; a click on a name outlines the segment."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        with ui.element("section").classes("card seen").props('aria-labelledby="seen"'):
            text("h2", "Segments").props("id=seen")
            self._element = SegmentsElement()
        self._element.on("choose", lambda event: self._choose(event.args))

    def show(self, message: PanopticSegmentation | None) -> None:
        """Show the segments of a frame."""
        self._element.show(
            rows=segment_rows(message) if message else [],
            spatial=bool(message and message.position_frame),
            chosen=self._selection.segment,
            empty="No segments in this frame." if message else "No frames yet.",
        )

    def _choose(self, key: Any) -> None:
        self._selection.segment = key if isinstance(key, str) else ""
        self._element.show(chosen=self._selection.segment)


def segment_rows(message: PanopticSegmentation) -> list[dict[str, Any]]:
    """Return a row per segment, the largest first; areas in percent of the image."""
    colours = segment_colours(message.segments)
    pixels = max(1, message.height * message.width)
    rows = []
    for segment in sorted(message.segments, key=lambda s: -s.pixel_area)[:_MOST_ROWS]:
        point = segment.position
        place = (point.x, point.y, point.z)
        red, green, blue = colours[segment.id]
        rows.append(
            {
                "key": key_of(segment),
                "track": segment.track_id,
                "name": segment_title(segment),
                "score": round(segment.score, 2),
                "area": round(100 * segment.pixel_area / pixels, 1),
                "position": ", ".join(f"{v:.2f}" for v in place) if segment.has_position else "",
                "distance": round(math.hypot(*place), 2) if segment.has_position else None,
                "colour": f"rgb({red} {green} {blue})",
            }
        )
    return rows
