"""A build in a thread: its state at each moment, and its errors as one line."""

import threading
import time
from types import SimpleNamespace

import pytest

from eovseg_model.backends.engines import background_build
from eovseg_model.backends.engines.background_build import BackgroundBuild, BuildState
from eovseg_model.backends.engines.error_text import error_text
from eovseg_model.backends.names import BackendError


@pytest.mark.timeout(20)
def test_the_states_of_a_build(monkeypatch):
    clock = iter([5.0, 8.0, 12.0])  # start, a look at it, end
    monkeypatch.setattr(background_build, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    go = threading.Event()
    build = BackgroundBuild(lambda: go.wait() and "engine")
    assert build.state == BuildState(None, "", 3.0, accepted=False)
    go.set()
    build.wait()
    assert build.state == build.state == BuildState("engine", "", 7.0, accepted=False)
    build.accept()
    assert build.state == BuildState("engine", "", 7.0, accepted=True)


def test_a_build_does_not_keep_the_program_from_ending():
    go = threading.Event()
    build = BackgroundBuild(go.wait)
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "engine build")
    assert thread.daemon
    go.set()
    build.wait()


def test_a_build_that_fails_has_an_error_and_no_result():
    started = time.monotonic()
    build = BackgroundBuild(lambda: [][0])
    build.wait()
    state = build.state
    assert (state.result, state.error) == (None, "IndexError: list index out of range")
    assert 0 <= state.seconds <= time.monotonic() - started and not state.accepted


def test_a_result_that_turns_out_wrong_is_dropped():
    build = BackgroundBuild(lambda: "engine")
    build.wait()
    build.accept()
    seconds = build.state.seconds
    build.fail(BackendError("returned NaN"))
    assert build.state == BuildState(None, "returned NaN", seconds, accepted=False)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no memory"), "ValueError: no memory"),
        (RuntimeError("\n  at line 3\nmore\n"), "RuntimeError: at line 3"),
        (KeyError(), "KeyError: no details"),
        (ValueError(" \n"), "ValueError: no details"),
        (BackendError("set precision:=fp32\nmore"), "set precision:=fp32"),
    ],
)
def test_an_error_is_one_line(error, text):
    assert error_text(error) == text
