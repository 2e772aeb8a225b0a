"""Runs a long command: its progress on one line of the terminal, all of its output in a log file."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

QUIET_SECONDS = 15  # between two lines of progress where standard output is no terminal
LINES_OF_FAILURE = 25


def run_logged(title: str, command: list[str], log: Path, env: dict[str, str] | None = None) -> None:
    """Run a command; if it fails, end this process with the last lines of its output."""
    progress = _Progress(title)
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    lines = []
    with (
        log.open("w") as stream,
        subprocess.Popen(command, env=env, text=True, errors="replace", **pipes) as process,
    ):
        for line in process.stdout:
            stream.write(line)
            lines.append(line)
            progress.show(line.strip())
    if process.returncode != 0:
        progress.end("failed")
        sys.exit(
            "".join(lines[-LINES_OF_FAILURE:]) + f"set-up: this step failed; all of its output is in {log}"
        )
    progress.end("done")


class _Progress:
    """The last line of output with the seconds so far, overwritten on a terminal, now and then elsewhere."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._start = self._shown = time.monotonic()
        self._terminal = sys.stdout.isatty()
        print(f"{title} ...", flush=True)

    def show(self, line: str) -> None:
        now = time.monotonic()
        text = f"  {now - self._start:4.0f} s  {line}"
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="", flush=True)
        elif now - self._shown > QUIET_SECONDS:
            self._shown = now
            print(text[:110], flush=True)

    def end(self, outcome: str) -> None:
        if self._terminal:
            print("\r" + " " * (shutil.get_terminal_size().columns - 1), end="\r")
        print(f"{self._title}: {outcome} after {time.monotonic() - self._start:.0f} s", flush=True)
