"""Whether a request may pass."""

import hmac
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from eovseg_ros.web.access.address import Address, is_loopback


class RequestHead(NamedTuple):
    """What the rules look at."""

    method: str  # GET for a WebSocket
    path: str
    query: str
    headers: dict[str, str]  # names in lower case


class Verdict(NamedTuple):
    """Status 200 lets a request pass; other ones answer it."""

    status: int
    text: str = ""
    set_cookie: bool = False  # and send the browser to the address without the token


_PASS = Verdict(200)
_UNKNOWN = Verdict(404, "There is no such address.\n")  # NiceGUI would build a page of its own for it
_PATHS = ("/", "/frame", "/segment", "/snapshot", "/favicon.ico")
_FOLDERS = ("/_nicegui/", "/_nicegui_ws/")
_REFUSED = "Open the address that eovseg-ros web has printed: it ends with the token.\n"


class RequestRules:
    """The rules for one address."""

    def __init__(self, address: Address) -> None:
        self._address = address
        # Cookies belong to a host whatever its port.
        self.cookie_name = f"eovseg_{address.port}"

    def judge(self, head: RequestHead) -> Verdict:
        """Return whether a request may pass, and what to answer if not."""
        if head.method not in ("GET", "HEAD"):  # the page sends its data over a WebSocket
            return Verdict(405, "This address takes no data.\n")
        host = head.headers.get("host", "")
        if not self._address.token and not _is_local(host, self._address.host):
            # A page on the internet may give its own name the address 127.0.0.1.
            return Verdict(403, "Open the console as localhost, or start it with --token.\n")
        origin = head.headers.get("origin")
        if origin is not None and _host_in(origin) != host.lower():
            return Verdict(403, "Requests from pages of other sites are refused.\n")
        if head.headers.get("sec-fetch-site") == "cross-site" and (
            head.headers.get("sec-fetch-mode") != "navigate" or head.path != "/"
        ):
            return Verdict(403, "Requests from pages of other sites are refused.\n")
        verdict = self._judge_token(head) if self._address.token else _PASS
        known = head.path in _PATHS or head.path.startswith(_FOLDERS)
        return verdict if known or verdict.status != 200 else _UNKNOWN

    def _judge_token(self, head: RequestHead) -> Verdict:
        if self._is_token(_cookie(head.headers.get("cookie", ""), self.cookie_name)):
            return Verdict(303, set_cookie=True) if head.path == "/" and "token=" in head.query else _PASS
        if head.path == "/" and self._is_token(_token_in(head.query)):
            return Verdict(303, set_cookie=True)
        return Verdict(401, _REFUSED)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._address.token.encode())


def _is_local(host: str, own: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == own or is_loopback(name)


def _host_in(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _token_in(query: str) -> str:
    try:
        return parse_qs(query, max_num_fields=20).get("token", [""])[0]
    except ValueError:
        return ""


def _cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
