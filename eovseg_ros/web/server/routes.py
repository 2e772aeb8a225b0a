"""Pictures, segments at a pixel and snapshots over HTTP."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from eovseg_model.drawing import segment_colours, segment_title
from eovseg_ros.messages import ImageError
from eovseg_ros.web.robot.camera_view import CameraView, FoundSegment, key_of
from eovseg_ros.web.robot.robot import Robot
from eovseg_ros.web.robot.snapshot import make_snapshot

_WAIT = 2.0  # seconds that a request waits for a new picture; less than the lease of a topic
_MOST_WAITING = 32  # requests for pictures at the same time
_UNCACHED = {"cache-control": "no-store"}


class Routes:
    """The addresses /frame, /segment and /snapshot."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._waiting = 0

    @property
    def routes(self) -> list[BaseRoute]:
        """For an application of Starlette."""
        return [
            Route("/frame", self.frame),
            Route("/segment", self.segment),
            Route("/snapshot", self.snapshot),
        ]

    async def frame(self, request: Request) -> Response:
        """Answer with the newest picture (JPEG) once it is newer than `after`; 204 if none comes.

        A browser asks again when it has drawn the last one. A slow one therefore misses pictures, and nothing
        queues up for one that has stopped.
        """
        view = await self._await_view(request)
        picture = view.pictures.get(request.query_params.get("kind", "overlay")) if view else None
        if picture is None:
            return _text(404, "The node has no such camera, or there is no such kind of picture.")
        if self._waiting >= _MOST_WAITING:
            return _text(503, "Too many browsers wait for pictures.")
        self._waiting += 1
        try:
            message = await picture.after(_number(request, "after"), _WAIT)
            if message is None:
                return Response(status_code=204, headers=_UNCACHED)
            encoded = await asyncio.to_thread(picture.encode, message)
        except ImageError as error:
            return _text(415, str(error))
        finally:
            self._waiting -= 1
        headers = {"x-frame": str(encoded.number), "x-stamp": f"{encoded.stamp:.6f}", **_UNCACHED}
        return Response(encoded.jpeg, media_type="image/jpeg", headers=headers)

    async def segment(self, request: Request) -> Response:
        """Answer with the segment at `x`, `y` (0 to 1 across the picture), or with the one called `key`."""
        view = self._view(request)
        if view is None:
            return _text(404, "The node has no such camera.")
        if key := request.query_params.get("key"):
            found = await asyncio.to_thread(view.find_key, key)
        else:
            x, y = (min(max(_real(request, name), 0.0), 1.0) for name in ("x", "y"))
            found = await asyncio.to_thread(view.find_segment, x, y)
        return JSONResponse(_describe(found, view), headers=_UNCACHED)

    async def snapshot(self, request: Request) -> Response:
        """Answer with a ZIP file of the picture (PNG) and its segments (JSON)."""
        view = self._view(request)
        kind = request.query_params.get("kind", "overlay")
        if view is None or kind not in view.pictures:
            return _text(404, "The node has no such camera, or there is no such kind of picture.")
        try:
            snapshot = await asyncio.to_thread(make_snapshot, view, kind, self._robot.vocabulary)
        except ImageError as error:
            return _text(415, str(error))
        if snapshot is None:
            return _text(404, "There is no picture yet.")
        disposition = f'attachment; filename="{snapshot.name}.zip"'
        headers = {"content-disposition": disposition, **_UNCACHED}
        return Response(snapshot.data, media_type="application/zip", headers=headers)

    async def _await_view(self, request: Request) -> CameraView | None:
        """Return the camera; wait for the first status of the node."""
        view = self._view(request)
        if view is None and not self._robot.camera_names:
            await self._robot.wait_for_status(_WAIT)
            view = self._view(request)
        return view

    def _view(self, request: Request) -> CameraView | None:
        self._robot.watch()
        return self._robot.camera(request.query_params.get("camera", ""))


def _describe(found: FoundSegment | None, view: CameraView) -> dict[str, Any]:
    """Return what the page draws; `pending` while the segments are awaited."""
    if found is None:
        return {"pending": True}
    if (segment := found.segment) is None:
        return {"key": "", "title": "", "outline": []}
    message = view.segments
    colour = segment_colours(message.segments).get(segment.id) if message else None
    return {
        "key": key_of(segment),
        "title": f"{segment_title(segment)} {segment.score:.0%}",
        "colour": list(colour or (255, 255, 255)),
        "outline": found.outline,
    }


def _text(status: int, text: str) -> Response:
    return Response(text, status_code=status, media_type="text/plain", headers=_UNCACHED)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _real(request: Request, name: str) -> float:
    try:
        value = float(request.query_params.get(name, "0"))
    except ValueError:
        return 0.0
    return value if value == value else 0.0
