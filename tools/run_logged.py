"""Runs a long command: progress on one line of a terminal, all its output in a log file."""

import shutil
import subprocess
import sys
import time

QUIET_SECONDS = 15  # between two lines of progress where the output is no terminal
LINES_OF_FAILURE = 25


def run_logged(title, command, log, env=None):
    """Runs a command and ends this process with the end of its log if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    progress = _Progress(title)
    lines = []
    with log.open("w") as stream, subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            stream.write(line)
            lines.append(line)
            progress.show(line.strip())
    if process.returncode != 0:
        progress.end("failed")
        sys.exit("".join(lines[-LINES_OF_FAILURE:]) + "set-up: the step above failed; all its output is in %s" % log)
    progress.end("done")


class _Progress:
    def __init__(self, title):
        self._title = title
        self._start = self._shown = time.monotonic()
        print(title + " ...", flush=True)

    def show(self, line):
        now = time.monotonic()
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            text = "  %4.0f s  %s" % (now - self._start, line)
            print("\r" + text[:width].ljust(width), end="", flush=True)
        elif now - self._shown > QUIET_SECONDS:
            self._shown = now
            print("  %4.0f s  %s" % (now - self._start, line[:100]), flush=True)

    def end(self, outcome):
        if sys.stdout.isatty():
            print("\r" + " " * (shutil.get_terminal_size().columns - 1), end="\r")
        print("%s: %s after %.0f s" % (self._title, outcome, time.monotonic() - self._start), flush=True)
