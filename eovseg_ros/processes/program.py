"""Programs that shut down cleanly on SIGINT and SIGTERM, from their start on."""

import atexit
import math
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

END_SECONDS = 1.9  # from the first signal to the end of the process, whatever its threads do
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_REPEATED_SECONDS = 0.5  # ros2 launch and a shell may both forward the same Ctrl-C


class Ending:
    """Handles SIGINT and SIGTERM: the process ends with status 0, by itself or after `END_SECONDS`.

    Until `call` sets an action, the first signal ends the process at once. A second one, more than
    half a second after the first, ends it at once with status 128 + its number.
    """

    def __init__(self, say: Callable[[str], None] | None = None) -> None:
        self._say = say or _print_to_stderr
        self._action: Callable[[], object] = lambda: os._exit(0)
        self._asked = self._listens = self._interrupted = False
        self._lock = threading.Lock()  # of _action and _asked

    @property
    def asked(self) -> bool:
        """Whether a signal has arrived."""
        return self._asked

    @property
    def interrupted(self) -> bool:
        """Whether a signal has raised KeyboardInterrupt."""
        return self._interrupted

    def call(self, action: Callable[[], object], say: Callable[[str], None] | None = None) -> None:
        """Set what the first signal does: log with `say` and call `action`, both in a separate thread.

        If the signal has already arrived, `action` is called at once.
        """
        with self._lock:
            self._action = action
            self._say = say or self._say
            if not self._asked:
                return
        action()

    def listen(self) -> None:
        """Handle both signals from now on; to be called in the main thread, before slow imports.

        Python writes signals to a pipe as soon as they arrive. They reach a thread while the main thread is
        inside a library, and interrupt nothing. Programs that this process starts are not affected.
        """
        self._listens = True
        signals, pipe = os.pipe()
        os.set_blocking(pipe, False)
        signal.set_wakeup_fd(pipe, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, _do_nothing)
        os.register_at_fork(after_in_child=_give_signals_back)
        threading.Thread(target=self._watch, args=(signals,), name="signals", daemon=True).start()

    def raise_interrupts(self) -> None:
        """Make signals raise KeyboardInterrupt in the main thread, at most once per half second.

        For a body that must end its own processes or finish files, and then ends by itself.
        """
        if not self._listens:
            return
        last = -math.inf

        def interrupt(*_: object) -> None:
            nonlocal last
            before, last = last, time.monotonic()
            if last > before + _REPEATED_SECONDS:
                self._interrupted = True
                raise KeyboardInterrupt

        for number in _SIGNALS:
            signal.signal(number, interrupt)
        signal.set_wakeup_fd(-1)

    def _watch(self, signals: int) -> None:
        number = os.read(signals, 1)[0]
        first = time.monotonic()
        try:
            # Before `asked` is true: the main thread may end the process any time after that.
            self._say(f"{signal.Signals(number).name}: ending within 2 s")
            with self._lock:
                self._asked, action = True, self._action
            action()
        except Exception:
            traceback.print_exc()
        while (left := first + END_SECONDS - time.monotonic()) > 0:
            if select.select([signals], [], [], left)[0]:
                number = os.read(signals, 1)[0]
                if time.monotonic() > first + _REPEATED_SECONDS:
                    os._exit(128 + number)
        os._exit(0)


def run_program(body: Callable[[Ending], int], say: Callable[[str], None] | None = None) -> NoReturn:
    """Run the body and end the process with the status that it returns, or with 0 after a signal.

    A signal may end the body at any point before it uses its `Ending`. Running threads do not keep the
    process alive.
    """
    ending = Ending(say)
    ending.listen()
    try:
        status = body(ending)
    except SystemExit as end:  # of argparse
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:  # of raise_interrupts
        status = 130
    except BaseException:
        if not ending.interrupted:  # a library may turn KeyboardInterrupt into another exception
            traceback.print_exc()
        status = 1
    if status and ending.interrupted:
        status = 130
    try:
        # os._exit leaves them out; sys.exit would wait for threads, and give the signals back before the end.
        atexit._run_exitfuncs()
        for stream in filter(None, (sys.stdout, sys.stderr)):  # Python has none for a closed file descriptor
            stream.flush()
    except BrokenPipeError:  # the reader has closed the pipe
        pass
    except OSError as error:
        _print_to_stderr(str(error))
        status = 1
    os._exit(0 if ending.asked else status)


def _print_to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _do_nothing(*_: object) -> None:
    """Handler for signals that are reported by the pipe; Python reports none without a handler."""


def _give_signals_back() -> None:
    """Restore the signals in a forked child, which shares the pipe."""
    if signal.getsignal(signal.SIGTERM) is _do_nothing:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
