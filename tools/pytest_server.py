"""Run pytest in forks of a process that has imported large packages: several seconds less for each run.

python tools/pytest_server.py serve SOCKET PACKAGE...      in the folder of the tests, until it is terminated
python tools/pytest_server.py run SOCKET SECONDS PATH...   exits with pytest's status, or prints TIMED_OUT
                                                           or LOST and exits with 1
"""

import contextlib
import gc
import json
import os
import resource
import select
import signal
import socket
import sys

TIMED_OUT = "timed out"
MOST_BYTES = 4 * 2**30  # of memory for the tests
LOST = "lost"  # the server has ended, or the tests were killed, for example because memory was short


def main(arguments: list[str]) -> int:
    match arguments:
        case ["serve", path, *packages]:
            _serve(path, packages)
        case ["run", path, seconds, *tests]:
            return _run(path, float(seconds), tests)
    print(__doc__, file=sys.stderr)
    return 2


def _run(path: str, seconds: float, tests: list[str]) -> int:
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(path)
            server.sendall(json.dumps([seconds, tests]).encode() + b"\n")
            status = server.makefile().read() or LOST
    except OSError:
        status = LOST
    if status in (TIMED_OUT, LOST):
        print(status)
    return int(status) if status.isdecimal() else 1


def _serve(path: str, packages: list[str]) -> None:
    from importlib import metadata

    import pytest

    for name in packages:
        with contextlib.suppress(pytest.skip.Exception):  # for those that are not installed
            pytest.importorskip(name)
    for plugin in metadata.entry_points(group="pytest11"):
        plugin.load()
    gc.freeze()  # pytest collects garbage five times at its end: not through all of these
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(BrokenPipeError):
                seconds, tests = json.loads(client.makefile().readline())
                client.sendall(_in_a_fork(tests, seconds).encode())


def _in_a_fork(tests: list[str], seconds: float) -> str:
    """Return the exit status of the tests, TIMED_OUT or LOST; what they started is killed with them."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        _exit_with(tests)
    with contextlib.suppress(PermissionError, ProcessLookupError):  # the child was faster
        os.setpgid(child, child)
    ended = os.pidfd_open(child)
    in_time, _, _ = select.select([ended], [], [], seconds)
    os.close(ended)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not in_time:
        return TIMED_OUT
    return LOST if status == -signal.SIGKILL else str(status)


def _exit_with(tests: list[str]) -> None:
    import pytest

    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    status = 1
    try:
        status = int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
