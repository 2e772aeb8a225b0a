"""Addresses that the console listens on."""

import ipaddress
import re
import secrets
import socket
from typing import NamedTuple

from eovseg_ros.processes import ArgumentError

SHORTEST_TOKEN = 16  # characters


class Address(NamedTuple):
    """Where the console listens, and the token that it asks for; an empty token asks for none."""

    host: str
    port: int
    token: str

    @property
    def url(self) -> str:
        """What to open in a browser, with the token."""
        host = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/" + (f"?token={self.token}" if self.token else "")


def check_address(host: str, port: int, token: str | None) -> Address:
    """Return the address; an empty `token` is replaced by a random one, None asks for none.

    Raises:
        ArgumentError: another machine could reach `host` and there is no token, or the token is short or
            has characters that a URL does not take as they are.
    """
    if token is None:
        if not is_loopback(host):
            raise ArgumentError(
                f"--host {host} lets other machines see the camera and change the node: "
                "add --token, or keep the default host and use an SSH tunnel"
            )
        return Address(host, port, "")
    if token and not re.fullmatch(rf"[A-Za-z0-9_-]{{{SHORTEST_TOKEN},}}", token):
        raise ArgumentError(
            f"--token needs at least {SHORTEST_TOKEN} letters, digits, - or _; "
            "--token without a value makes a random one"
        )
    return Address(host, port, token or secrets.token_urlsafe(24))


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
