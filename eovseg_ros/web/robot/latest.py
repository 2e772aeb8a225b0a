"""The newest value of its kind, for readers in any thread."""

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value")


class Numbered(NamedTuple, Generic[Value]):
    """A value and its number; numbers increase from 1."""

    number: int
    value: Value


class Latest(Generic[Value]):
    """Holds the newest value only, so that a slow reader misses values and delays nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of what follows
        self._number = 0
        self._newest: Numbered[Value] | None = None
        self._listeners: list[Callable[[], object]] = []

    @property
    def newest(self) -> Numbered[Value] | None:
        """The newest value; None if there is none."""
        return self._newest

    def put(self, value: Value) -> None:
        """Replace the value."""
        with self._lock:
            self._number += 1
            self._newest = Numbered(self._number, value)
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def clear(self) -> None:
        """Forget the value; numbers continue."""
        with self._lock:
            self._newest = None

    async def after(self, number: int, seconds: float) -> Numbered[Value] | None:
        """Return the newest value once its number is greater than `number`; None after `seconds`."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(arrived.set)

        with self._lock:
            self._listeners.append(wake)
        try:
            async with asyncio.timeout(seconds):
                while (newest := self._newest) is None or newest.number <= number:
                    await arrived.wait()
                    arrived.clear()
                return newest
        except TimeoutError:
            return None
        finally:
            with self._lock:
                self._listeners.remove(wake)
