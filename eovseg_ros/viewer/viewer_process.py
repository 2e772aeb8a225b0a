"""Finding or starting a viewer."""

import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from urllib.parse import urlsplit

from eovseg_ros.clients import ClientError

DEFAULT_PORT = 9876  # Rerun's
_LOCAL = "127.0.0.1"
_CONNECT_SECONDS = 3.0

Wait = Callable[[Callable[[], object], float, str], None]  # as NodeClient.wait


def viewer_url(address: str) -> str:
    """Return the URL of a viewer from HOST, HOST:PORT or the URL that the viewer prints.

    Raises ClientError if it is none of these.

    Example:
        >>> viewer_url("laptop"), viewer_url("10.0.0.7:9000")
        ('rerun+http://laptop:9876/proxy', 'rerun+http://10.0.0.7:9000/proxy')
    """
    wrong = f"--connect must be HOST, HOST:PORT or rerun+http://HOST:PORT/proxy; got {address!r}"
    if "://" not in address:
        try:
            parts = urlsplit(f"//{address}")
            host, port = parts.hostname, DEFAULT_PORT if parts.port is None else parts.port
        except ValueError as error:  # of the port
            raise ClientError(wrong) from error
        if not host or not re.fullmatch(r"[^/@?#\s]+", address):
            raise ClientError(wrong)
        return f"rerun+http://{f'[{host}]' if ':' in host else host}:{port}/proxy"
    if not re.fullmatch(r"rerun(\+https?)?://[^/\s]+/proxy", address):
        raise ClientError(wrong)
    return address


def check_viewer(url: str) -> None:
    """Raise ClientError if nothing listens at the URL of a viewer."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "rerun+http" else 443)
    if reason := _why_unreachable(host, port):
        raise ClientError(
            f"no viewer at {host} port {port}: {reason}; start one there with 'rerun', "
            "or start this command without --connect"
        )


def open_viewer(memory_limit: str, wait: Wait) -> str:
    """Return the URL of the viewer of this machine, which is started if none runs.

    A viewer that is started accepts connections of this machine only, and stays open when this program ends.

    Args:
        wait: Called to wait until the viewer listens.

    Raises ClientError if it does not start, with the last line of its output.
    """
    url = viewer_url(f"{_LOCAL}:{DEFAULT_PORT}")
    if _why_unreachable(_LOCAL, DEFAULT_PORT):
        _start(memory_limit, wait)
    return url


def _start(memory_limit: str, wait: Wait) -> None:
    command = [sys.executable, "-m", "rerun_cli", "--bind", _LOCAL, "--port", str(DEFAULT_PORT)]
    # The server keeps a copy of the data for further viewers, of which there are none.
    command += ["--memory-limit", memory_limit, "--server-memory-limit", "100MB", "--expect-data-soon"]
    with tempfile.TemporaryFile("w+") as output:
        # A session of its own: Ctrl-C in the terminal ends this program, and not the viewer.
        viewer = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)

        def listening() -> bool:
            if viewer.poll() is not None:
                output.seek(0)
                lines = output.read().strip().splitlines() or [f"exit status {viewer.returncode}"]
                remedy = "on a machine without a screen, use --connect or --save"
                raise ClientError(f"the viewer did not start: {lines[-1]}; {remedy}")
            return not _why_unreachable(_LOCAL, DEFAULT_PORT)

        wait(listening, 30.0, "the viewer does not accept connections after 30 s; start 'rerun' by hand")


def _why_unreachable(host: str, port: int) -> str:
    """Return the reason; empty if something listens."""
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
