"""Waiting in a coroutine for work of another thread, while the executor runs other callbacks."""

import concurrent.futures
import contextlib
from typing import Any

from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from rclpy.task import Future


async def end_of(work: "concurrent.futures.Future[Any]", node: Node) -> None:
    """Wait until `work` is done, in a coroutine that the executor of `node` runs."""
    if work.done():
        return
    ended = Future()

    def wake(_: object) -> None:
        ended.set_result(None)
        with contextlib.suppress(InvalidHandle):  # of an executor that has ended
            if executor := node.executor:
                executor.wake()

    work.add_done_callback(wake)
    await ended
