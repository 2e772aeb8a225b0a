"""A thread that works on requests, one at a time."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import Generic, TypeVar

from eovseg_ros.node.threads.supervised_thread import SupervisedThread

Request = TypeVar("Request")
Response = TypeVar("Response")


class RequestQueue(Generic[Request, Response]):
    """Calls `work(request, unwanted)` in a thread, one request at a time; at most `most_waiting` wait.

    `unwanted()` tells the work whether its result is still needed. The result or exception of the work is
    that of the future that `put` returned.
    """

    def __init__(
        self,
        work: Callable[[Request, Callable[[], bool]], Response],
        *,
        name: str,
        most_waiting: int,
        log_error: Callable[[str], object],
    ) -> None:
        self._work = work
        self._most_waiting = most_waiting
        self._condition = threading.Condition()  # of what follows
        self._waiting: deque[tuple[Request, Future[Response]]] = deque()
        self._current: Future[Response] | None = None
        self._closed = False
        self._thread = SupervisedThread(
            self._do_next, name=name, stopping=lambda: self._closed, log_error=log_error
        )

    def put(self, request: Request) -> Future[Response] | None:
        """Return the future of the response; None if too many requests wait."""
        with self._condition:
            if self._closed or len(self._waiting) >= self._most_waiting + (self._current is None):
                return None
            future: Future[Response] = Future()
            self._waiting.append((request, future))
            self._condition.notify()
            return future

    def cancel(self, error: Exception) -> None:
        """Give all requests this error at once, also the one in progress."""
        with self._condition:
            futures = [future for _, future in self._waiting]
            futures += [self._current] if self._current else []
            self._waiting.clear()
        for future in futures:
            _fail(future, error)

    def close(self) -> None:
        """End the thread after the request in progress; does not wait for it."""
        with self._condition:
            self._closed = True
            self._condition.notify()

    def _do_next(self) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return
            request, future = self._waiting.popleft()
            self._current = future
        try:
            response = self._work(request, future.done)
        except BaseException as error:
            _fail(future, error)
        else:
            _finish(future, response)
        finally:
            with self._condition:
                self._current = None


def _finish(future: Future[Response], response: Response) -> None:
    try:
        future.set_result(response)
    except InvalidStateError:
        pass  # cancelled in the meantime


def _fail(future: Future[Response], error: BaseException) -> None:
    try:
        future.set_exception(error)
    except InvalidStateError:
        pass  # the work and `cancel` may both end a request
