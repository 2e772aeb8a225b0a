"""A node in a child process of a demo, a benchmark or a test."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class ProgramFailure(Exception):
    """Raised if a program that was started has ended, or does not do what it was started for.

    No RuntimeError: rclpy raises that, too, if a signal interrupts one of its callbacks.
    """


class ChildProcess:
    """Runs a Python module with ROS parameters and remappings; leaving the context ends it as Ctrl-C does."""

    def __init__(
        self,
        module: str,
        log: Path,
        *,
        parameters: Mapping[str, object] | None = None,
        remappings: Mapping[str, str] | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self._module = module
        self._log = log
        command = [sys.executable, "-m", module, *arguments, "--ros-args"]
        for name, value in (parameters or {}).items():
            command += ["-p", f"{name}:={_yaml(value)}"]
        for name, target in (remappings or {}).items():
            command += ["-r", f"{name}:={target}"]
        with log.open("w") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def __enter__(self) -> "ChildProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status; None while the process runs."""
        return self._process.poll()

    @property
    def log(self) -> str:
        """The output of the process so far."""
        return self._log.read_text(errors="replace")

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def wait(self, seconds: float) -> int:
        """Wait for the end and return the exit status. Raises TimeoutError with the end of the log."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self._module} still runs after {seconds} s:\n{self.log[-2000:]}") from None

    def check_running(self) -> None:
        """Raise ProgramFailure with the end of the log if the process has ended."""
        if self.returncode is not None:
            raise ProgramFailure(f"{self._module} ended with status {self.returncode}:\n{self.log[-2000:]}")

    def wait_for_log(self, text: str, seconds: float) -> None:
        """Wait until the process has printed `text`. Raises ProgramFailure if it ends, or TimeoutError."""
        deadline = time.monotonic() + seconds
        while text not in self.log:
            self.check_running()
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{self._module} did not print '{text}' in {seconds} s:\n{self.log[-2000:]}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Interrupt the process, and kill it if it does not end within 10 s."""
        if self.returncode is None:
            self.interrupt()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join("'" + str(entry).replace("'", "''") + "'" for entry in value) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
