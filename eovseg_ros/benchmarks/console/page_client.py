"""A client that asks the web console for what an open page asks for."""

import ast
import asyncio
import re
import threading
import time
from types import TracebackType
from urllib.parse import urlencode

import aiohttp
import socketio

from eovseg_ros.processes import ProgramFailure

_QUERY = re.compile(r"query: (\{.*?\}),\n")


class PageClient:
    """Opens the page with its WebSocket, and fetches one picture after another, in a thread of its own."""

    def __init__(self, url: str, kind: str = "overlay") -> None:
        self._url = url.rstrip("/")
        self._kind = kind
        self._stopping = False
        self.error: Exception | None = None
        self.ages: list[float] = []  # of the pictures on arrival: seconds since their stamp
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)

    def __enter__(self) -> "PageClient":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._thread.join(10)

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until so many pictures have come. Raises ProgramFailure if they do not in time."""
        deadline = time.monotonic() + seconds
        while len(self.ages) < count:
            if self.error or time.monotonic() > deadline:
                raise ProgramFailure(f"the console sent {len(self.ages)} of {count} pictures: {self.error}")
            time.sleep(0.05)

    def _run(self) -> None:
        try:
            asyncio.run(self._open())
        except Exception as error:
            self.error = error

    async def _open(self) -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{self._url}/") as answer:
                match = _QUERY.search(await answer.text())
            if match is None:
                raise ProgramFailure(f"{self._url} is not the page of the console")
            socket = socketio.AsyncClient(reconnection=False)
            query = ast.literal_eval(match[1]) | {"tab_id": "benchmark", "document_id": "benchmark"}
            await socket.connect(
                f"{self._url}?{urlencode(query)}",
                transports=["websocket"],
                socketio_path="/_nicegui_ws/socket.io",
            )
            try:
                await self._fetch(session)
            finally:
                await socket.disconnect()

    async def _fetch(self, session: aiohttp.ClientSession) -> None:
        after = 0
        while not self._stopping:
            address = f"{self._url}/frame?camera=&kind={self._kind}&after={after}"
            async with session.get(address) as answer:
                await answer.read()
                if answer.status == 200:
                    after = int(answer.headers["x-frame"])
                    self.ages.append(time.time() - float(answer.headers["x-stamp"]))
                elif answer.status != 204:
                    await asyncio.sleep(0.2)
