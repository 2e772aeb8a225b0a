"""The thread that works on requests: one at a time, in order, with an answer for each."""

import threading

import pytest

from eovseg_ros.node.services.request_queue import RequestQueue


class Work:
    """Doubles numbers; waits for its gate, and fails for what is no number."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Semaphore(0)
        self.unwanted = []
        self.running = self.most_running = 0

    def __call__(self, request, unwanted):
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.started.release()
        try:
            assert self.gate.wait(5)
            self.unwanted.append(unwanted())
            if isinstance(request, BaseException):
                raise request
            return 2 * request
        finally:
            self.running -= 1


@pytest.fixture
def work():
    work = Work()
    yield work
    work.gate.set()


@pytest.fixture
def queue(work):
    errors = []
    queue = RequestQueue(work, name="test requests", most_waiting=2, log_error=errors.append)
    yield queue
    queue.close()
    assert errors == []


def test_every_request_has_its_answer_one_at_a_time(queue, work):
    assert [queue.put(number).result(5) for number in (1, 2, 3)] == [2, 4, 6]
    work.gate.clear()
    futures = [queue.put(number) for number in (4, 5, 6)]
    work.gate.set()
    assert [future.result(5) for future in futures] == [8, 10, 12]
    assert work.most_running == 1 and not any(work.unwanted)


def test_so_many_wait_besides_the_one_in_progress(queue, work):
    work.gate.clear()
    futures = [queue.put(1)]
    assert work.started.acquire(timeout=5)
    futures += [queue.put(number) for number in (2, 3)]
    assert queue.put(4) is None
    work.gate.set()
    assert [future.result(5) for future in futures] == [2, 4, 6]
    assert queue.put(5).result(5) == 10


def test_so_many_wait_besides_the_one_that_the_thread_has_not_taken_yet(work):
    queue = RequestQueue(work, name="test requests", most_waiting=2, log_error=print)
    with queue._condition:  # the thread cannot take anything
        assert [queue.put(number) is None for number in range(4)] == [False, False, False, True]
    queue.close()


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError(), SystemExit(3), KeyboardInterrupt()])
def test_an_error_is_that_of_its_request_alone(queue, error):
    failed, good = queue.put(error), queue.put(1)
    assert failed.exception(5) is error
    assert good.result(5) == 2


def test_cancelling_answers_all_and_the_next_request_is_served(queue, work):
    work.gate.clear()
    futures = [queue.put(number) for number in (1, 2, 3)]
    assert work.started.acquire(timeout=5)
    reason = RuntimeError("cancelled")
    queue.cancel(reason)
    assert [future.exception(0) for future in futures] == [reason] * 3
    late = queue.put(4)
    work.gate.set()
    assert late.result(5) == 8
    assert work.unwanted == [True, False]  # neither of those that waited was begun
    queue.cancel(reason)  # with nothing to do
    assert queue.put(5).result(5) == 10


def test_what_fails_after_it_was_cancelled_harms_nobody(queue, work):
    work.gate.clear()
    cancelled = queue.put(ValueError("too late"))
    assert work.started.acquire(timeout=5)
    queue.cancel(RuntimeError("cancelled"))
    work.gate.set()
    assert queue.put(1).result(5) == 2
    assert isinstance(cancelled.exception(0), RuntimeError)


def test_a_closed_queue_takes_nothing_and_its_thread_ends(work):
    def threads():
        return [thread for thread in threading.enumerate() if thread.name == "closing requests"]

    queue = RequestQueue(work, name="closing requests", most_waiting=2, log_error=print)
    (thread,) = threads()
    work.gate.clear()
    last = queue.put(1)
    assert work.started.acquire(timeout=5)
    queue.close()
    assert queue.put(2) is None
    work.gate.set()
    assert last.result(5) == 2
    thread.join(5)
    assert threads() == []
