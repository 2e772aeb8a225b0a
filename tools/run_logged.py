"""Runs a long command: its progress on one line of the terminal, all of its output in a log file."""

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

QUIET_SECONDS = 15  # between two lines of progress where standard output is no terminal
LINES_OF_FAILURE = 25
_DOWNLOAD = re.compile(r"\s*Downloading (?:\S*/)?(?P<name>[^\s/]+)")
_BYTES = re.compile(r"Progress (?P<done>\d+) of (?P<size>\d+)")  # pip --progress-bar raw


def run_logged(
    title: str, command: list[str], log: Path, env: dict[str, str] | None = None, *, tries: int = 1
) -> None:
    """Run a command; if it fails every time, end this process with the last lines of its output."""
    for left in reversed(range(tries)):
        progress = _Progress(title)
        lines = _run(command, log, env, progress)
        if lines is None:
            progress.end("done")
            return
        progress.end("failed, retrying" if left else "failed")
    sys.exit("".join(lines[-LINES_OF_FAILURE:]) + f"setup: this step failed; the full output is in {log}")


def _run(
    command: list[str], log: Path, env: dict[str, str] | None, progress: "_Progress"
) -> list[str] | None:
    """The lines of output of a command that failed; None where it did not."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    lines = []
    with (
        log.open("w") as stream,
        progress.ticking(),
        subprocess.Popen(command, env=env, text=True, errors="replace", **pipes) as process,
    ):
        for line in process.stdout:
            if not progress.show(line):
                stream.write(line)
                lines.append(line)
    return lines if process.returncode else None


class _Progress:
    """The last line of output with the seconds so far, overwritten on a terminal, now and then elsewhere."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._start = self._shown = time.monotonic()
        self._terminal = sys.stdout.isatty()
        self._text = ""
        self._download = ""
        self._downloaded = 0  # bytes
        print(f"{title} ...", flush=True)

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Keep the seconds going while a command says nothing, as pip does when it unpacks."""
        stop = threading.Event()

        def tick() -> None:
            while not stop.wait(1):
                self._print()

        thread = threading.Thread(target=tick)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def show(self, line: str) -> bool:
        """Show a line of output; True if it says only how far a download is."""
        size = _BYTES.match(line)
        if size:
            self._count_bytes(int(size["done"]), int(size["size"]))
        else:
            download = _DOWNLOAD.match(line)
            self._download = download["name"] if download else ""
            self._text = line.strip()
        self._print()
        return bool(size)

    def end(self, outcome: str) -> None:
        if self._terminal:
            print("\r" + " " * (shutil.get_terminal_size().columns - 1), end="\r")
        size = f", {_size(self._downloaded)} downloaded" if self._downloaded else ""
        print(f"{self._title}: {outcome} after {time.monotonic() - self._start:.0f} s{size}", flush=True)

    def _count_bytes(self, done: int, size: int) -> None:
        if done == size:
            self._downloaded += size
        self._text = f"{self._download}: {_size(done)} of {_size(size)}"

    def _print(self) -> None:
        now = time.monotonic()
        text = f"  {now - self._start:4.0f} s  {self._text}"
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="", flush=True)
        elif now - self._shown > QUIET_SECONDS:
            self._shown = now
            print(text[:110], flush=True)


def _size(number: int) -> str:
    """Bytes in words."""
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"
