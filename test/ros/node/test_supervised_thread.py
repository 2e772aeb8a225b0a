import threading
import time

import pytest

from eovseg_ros.node.threads import supervised_thread
from eovseg_ros.node.threads.supervised_thread import SupervisedThread


class Turns:
    """A thread whose turns wait to be told what to do: raise an error, or nothing."""

    def __init__(self):
        self.todo = []
        self.done = 0
        self.logged = []
        self.stopping = False
        self.thread = SupervisedThread(
            self._turn,
            name="counter",
            stopping=lambda: self.stopping,
            log_error=self.logged.append,
        )

    def _turn(self):
        while not self.todo and not self.stopping:
            time.sleep(0.001)
        if self.todo:
            error = self.todo.pop(0)
            self.done += 1
            if error:
                raise error


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(supervised_thread, "_FIRST_PAUSE", 0.002)


@pytest.fixture
def turns():
    turns = Turns()
    yield turns
    turns.stopping = True
    assert turns.thread.join(5)


def wait(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


@pytest.mark.parametrize("kind", [RuntimeError, MemoryError, SystemExit, KeyboardInterrupt])
def test_an_error_is_told_until_the_next_turn_succeeds(turns, kind):
    turns.todo.append(kind("x"))
    wait(lambda: turns.thread.error)
    assert turns.thread.error == f"the thread 'counter' failed: {kind.__name__}: x"
    assert len(turns.logged) == 1 and "Traceback" in turns.logged[0]
    turns.todo.append(None)
    wait(lambda: turns.thread.error == "")
    assert turns.done == 2


def test_an_error_that_comes_again_is_logged_once_until_the_thread_ends_for_good(turns):
    turns.todo += [RuntimeError("x")] * 6
    wait(lambda: "not started again" in turns.thread.error)
    assert turns.thread.error == (
        "the thread 'counter' failed 6 times in a row and is not started again "
        "(deactivate and activate the node to start it): RuntimeError: x"
    )
    assert turns.thread.join(5)
    assert turns.done == 6
    assert [text.partition(";")[0] for text in turns.logged] == [
        "the thread 'counter' failed: RuntimeError: x",
        turns.thread.error,
    ]


def test_turns_that_succeed_start_the_count_of_restarts_anew(turns):
    turns.todo += [*[RuntimeError("x")] * 5, None] * 3
    wait(lambda: turns.done == 18)
    wait(lambda: turns.thread.error == "")


def test_pauses_become_longer(monkeypatch):
    monkeypatch.setattr(supervised_thread, "_FIRST_PAUSE", 0.05)
    turns = Turns()
    started = time.monotonic()
    turns.todo += [RuntimeError("x")] * 3 + [None]
    wait(lambda: turns.done == 4)
    assert 0.35 <= time.monotonic() - started < 3  # 0.05 + 0.1 + 0.2
    turns.stopping = True
    assert turns.thread.join(5)


def test_a_stop_does_not_wait_for_a_pause(monkeypatch):
    monkeypatch.setattr(supervised_thread, "_FIRST_PAUSE", 60)
    turns = Turns()
    turns.todo.append(RuntimeError("x"))
    wait(lambda: turns.thread.error)
    turns.stopping = True
    assert turns.thread.join(2)


def test_a_turn_that_does_not_end_is_not_waited_for_longer():
    gate = threading.Event()
    thread = SupervisedThread(gate.wait, name="stuck", stopping=gate.is_set, log_error=print)
    assert not thread.join(0.1)
    gate.set()
    assert thread.join(5)


def test_a_stop_waits_in_short_steps(monkeypatch):
    """One long wait may miss a second Ctrl-C."""
    gate, steps = threading.Event(), []
    thread = SupervisedThread(gate.wait, name="stuck", stopping=gate.is_set, log_error=print)
    wait_for_end = thread._thread.join
    monkeypatch.setattr(
        thread._thread, "join", lambda seconds: (steps.append(seconds), wait_for_end(seconds))
    )
    assert not thread.join(0.25)
    assert len(steps) >= 3 and max(steps) <= 0.1 and sum(steps) >= 0.25 - 0.1
    gate.set()
    assert thread.join(5)
