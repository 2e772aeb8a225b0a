"""The web server of the console."""

import asyncio
import socket

import uvicorn
from fastapi import FastAPI
from nicegui import Client, core, ui

from eovseg_ros.web.access.address import Address
from eovseg_ros.web.access.guard import Guard
from eovseg_ros.web.page.console_page import build_console
from eovseg_ros.web.robot.robot import Robot
from eovseg_ros.web.server.routes import Routes

MOST_PAGES = 16  # open at the same time, also those whose browser has gone a minute ago
_MOST_CONNECTIONS = 128
_MOST_BYTES = 1 << 17  # of a message from a browser; the longest vocabulary is sent entry by entry
_MOST_HEADER_BYTES = 1 << 14
_FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" '
    'fill="#0b6e75"/><circle cx="13" cy="14" r="6" fill="#ffd166"/><path d="M4 27c5-9 18-12 24-5v5z" '
    'fill="#8fd3d6"/></svg>'
)


def serve(robot: Robot, address: Address, listener: socket.socket) -> None:
    """Serve the console on a bound socket until a signal arrives."""
    app = FastAPI(routes=Routes(robot).routes, docs_url=None, redoc_url=None, openapi_url=None)

    @ui.page("/", title=f"EOV-Seg {robot.name}")
    def page() -> None:
        build_console(robot)

    ui.run_with(
        app,
        favicon=_FAVICON,
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=5.0,
        message_history_length=100,
    )
    core.sio.eio.transports = ["websocket"]
    core.sio.eio.max_http_buffer_size = _MOST_BYTES
    config = uvicorn.Config(
        Guard(app, address, _page_refusal),
        log_level="warning",
        access_log=False,
        server_header=False,
        http="h11",  # httptools has no limit for headers
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
        ws_max_size=_MOST_BYTES,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def _page_refusal() -> str:
    if len(Client.instances) < MOST_PAGES:
        return ""
    return f"{MOST_PAGES} pages are open, which is the limit. Close one and try again in a minute.\n"
