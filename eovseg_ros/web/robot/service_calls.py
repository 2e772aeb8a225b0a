"""Service calls from asyncio to a node that another thread spins."""

import asyncio
from typing import Any

from rclpy.client import Client
from rclpy.node import Node

_CHECK_PERIOD = 1.0  # seconds between two looks whether the service is still there


class RequestFailed(Exception):
    """Raised if the node is missing, ends or refuses a request; the message is for users."""


async def call(node: Node, client: Client, request: Any, *, seconds: float = 10.0) -> Any:
    """Return the response. Raises RequestFailed if the service is missing, goes away or takes too long."""
    if not client.service_is_ready():
        raise RequestFailed(f"{client.srv_name} is not there: is the node running?")
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    future = client.call_async(request)
    future.add_done_callback(lambda _: loop.call_soon_threadsafe(done.set))
    deadline = loop.time() + seconds
    while not done.is_set():
        try:
            await asyncio.wait_for(done.wait(), _CHECK_PERIOD)
        except TimeoutError:
            why = ""
            if not client.service_is_ready():
                why = f"the node ended before it answered on {client.srv_name}"
            elif loop.time() > deadline:
                why = f"no answer on {client.srv_name} in {seconds:g} s"
            if why:
                client.remove_pending_request(future)
                raise RequestFailed(why) from None
    return future.result()
