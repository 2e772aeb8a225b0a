"""What run_program makes of signals and of the ends of its body."""

import os
import signal
import subprocess
import sys
import time

import pytest

from eovseg_ros.processes import Ending

TERM, INT = signal.SIGTERM, signal.SIGINT
HEAD = "import atexit, os, sys, threading, time; from eovseg_ros.processes import run_program\n"


def run(body, *signals):
    """Run a body, send signals (seconds after its line "ready", number); status, output, errors, seconds."""
    program = HEAD + body
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        if signals:
            assert process.stdout.readline() == "ready\n"
        ready = time.monotonic()
        for seconds, number in signals:
            time.sleep(max(0, ready + seconds - time.monotonic()))
            process.send_signal(number)
        output, errors = process.communicate(timeout=20)
    return process.returncode, output, errors, time.monotonic() - ready


READY = "    print('ready', flush=True)\n"
BUSY = f"def body(ending):\n{READY}    time.sleep(20); return 3\nrun_program(body)"
# Does not end by itself, as the action does nothing.
DEAF = f"def body(ending):\n    ending.call(lambda: None)\n{READY}    time.sleep(20)\nrun_program(body)"
GENTLE = f"""def body(ending):
    asked = threading.Event()
    ending.call(asked.set, say=lambda text: print(text, flush=True))
{READY}    asked.wait(20)
    time.sleep(0.3)
    print('cleaned up')
    return 3
run_program(body)"""


@pytest.mark.parametrize("number", [TERM, INT])
def test_before_the_body_has_an_action_a_signal_ends_the_process_at_once(number):
    status, _, errors, seconds = run(BUSY, (0, number))
    assert (status, errors) == (0, f"{number.name}: ending within 2 s\n")
    assert seconds < 1.0


@pytest.mark.parametrize(
    "signals", [[(0, TERM)], [(0, INT)], [(0, TERM), (0.01, INT)], [(0, INT), (0.3, INT)]]
)
def test_a_body_that_is_asked_to_end_does_so_in_its_own_way(signals):
    status, output, errors, _ = run(GENTLE, *signals)
    assert (status, errors) == (0, "")
    assert output == f"{signals[0][1].name}: ending within 2 s\ncleaned up\n"


def test_a_body_that_does_not_end_is_ended_within_2_s():
    status, _, _, seconds = run(DEAF, (0, TERM))
    assert status == 0
    assert 1.0 < seconds < 2.5


@pytest.mark.parametrize(("number", "expected"), [(TERM, 143), (INT, 130)])
def test_a_second_signal_after_half_a_second_ends_it_at_once(number, expected):
    status, _, errors, seconds = run(DEAF, (0, INT), (0.8, number))
    assert status == expected
    assert errors == "SIGINT: ending within 2 s\n"
    assert seconds < 1.5


def test_an_action_that_is_named_after_the_signal_is_called_at_once():
    body = f"""def body(ending):
    ending.call(lambda: None)
{READY}    while not ending.asked:
        time.sleep(0.01)
    ending.call(lambda: print('called'))
    return 3
run_program(body)"""
    assert run(body, (0, TERM))[:2] == (0, "called\n")


def test_interrupts_are_raised_once_where_the_body_wants_them():
    body = f"""def body(ending):
    ending.raise_interrupts()
    try:
{READY.replace("    ", "        ")}        time.sleep(20)
    finally:
        time.sleep(0.3)
        print('cleaned up')
run_program(body)"""
    status, output, errors, _ = run(body, (0, TERM), (0.05, INT), (0.1, TERM))
    assert (status, output, errors) == (130, "cleaned up\n", "")


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("return 0", 0),
        ("return 7", 7),
        ("raise SystemExit", 0),
        ("sys.exit(2)", 2),
        ("sys.exit('no')", 1),
        ("raise ValueError('no')", 1),
    ],
)
def test_the_status_is_the_bodys_own(ending, expected):
    status, _, errors, _ = run(f"def body(_):\n    {ending}\nrun_program(body)")
    assert status == expected
    assert ("ValueError: no" in errors) == ("ValueError" in ending)


def test_exit_functions_are_called_and_threads_do_not_keep_the_process():
    body = """def body(_):
    atexit.register(print, 'at exit')
    threading.Thread(target=time.sleep, args=(20,)).start()
    return 0
run_program(body)"""
    status, output, _, seconds = run(body)
    assert (status, output) == (0, "at exit\n")
    assert seconds < 5


@pytest.mark.parametrize(
    "how", ["subprocess.Popen(['sleep', '20'])", "context.Process(target=time.sleep, args=(20,))"]
)
def test_children_end_by_sigterm_as_ever_and_it_is_not_the_parents_signal(how):
    body = f"""import multiprocessing, subprocess
context = multiprocessing.get_context('fork')
def body(ending):
    child = {how}
    if hasattr(child, 'start'):
        child.start()
    time.sleep(0.2)
    child.terminate()
    status = child.wait(5) if hasattr(child, 'wait') else child.join(5) or child.exitcode
    time.sleep(0.2)
    print(status, ending.asked)
    return 0
run_program(body)"""
    assert run(body)[:3] == (0, "-15 False\n", "")


def test_nobody_reading_is_no_error():
    program = HEAD + "def body(_):\n    print('x')\n    return 0\nrun_program(body)"
    command = f'{sys.executable} -c "$PROGRAM"; echo $? >&2'
    piped = subprocess.run(
        ["bash", "-c", f"({command}) | true"],
        env={**os.environ, "PYTHONUNBUFFERED": "", "PROGRAM": program},
        capture_output=True,
        text=True,
    )
    assert piped.stderr == "0\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_closed_stream_is_no_error(closed):
    program = HEAD + "def body(_):\n    print('x')\n    return 3\nrun_program(body)"
    command = ["bash", "-c", f'exec {sys.executable} -c "$PROGRAM" {closed}']
    done = subprocess.run(command, env={**os.environ, "PROGRAM": program}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "")


def test_an_ending_that_does_not_listen_leaves_signals_alone():
    before = signal.getsignal(TERM), signal.getsignal(INT)
    ending = Ending()
    ending.call(lambda: None)
    ending.raise_interrupts()
    assert (signal.getsignal(TERM), signal.getsignal(INT)) == before
    assert not ending.asked


@pytest.mark.parametrize("number", [TERM, INT])
@pytest.mark.parametrize("end", ["raise RuntimeError('cannot convert')", "return 1", "raise SystemExit(1)"])
def test_an_interrupt_that_a_library_turns_into_another_error_ends_as_an_interrupt(number, end):
    """As pybind11 does with KeyboardInterrupt in a callback."""
    body = f"""def body(ending):
    ending.raise_interrupts()
    try:
    {READY}        time.sleep(20)
    except KeyboardInterrupt:
        {end}
run_program(body)"""
    status, _, errors, _ = run(body, (0, number))
    assert (status, errors) == (130, "")


def test_an_error_without_an_interrupt_is_told():
    status, _, errors, _ = run(
        "def body(ending):\n    ending.raise_interrupts()\n    1 / 0\nrun_program(body)"
    )
    assert status == 1 and "ZeroDivisionError" in errors
