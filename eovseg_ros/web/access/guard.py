"""The gate before all pages, pictures and WebSockets."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from eovseg_ros.web.access.address import Address
from eovseg_ros.web.access.request_rules import RequestHead, RequestRules, Verdict

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The page loads everything from its own host; Vue needs eval for its templates.
_HEADERS = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """An ASGI application that answers refused requests itself, before the application behind it sees them.

    Args:
        page_refusal: Returns why no further page can be opened now; empty if one can.
    """

    def __init__(self, app: App, address: Address, page_refusal: Callable[[], str]) -> None:
        self._app = app
        self._token = address.token
        self._rules = RequestRules(address)
        self._page_refusal = page_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        head = RequestHead(
            scope.get("method", "GET"),
            scope["path"],
            scope["query_string"].decode("latin-1"),
            {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        )
        verdict = self._rules.judge(head)
        if verdict.status == 200 and head.path == "/" and (why := self._page_refusal()):
            verdict = Verdict(503, why)
        if verdict.status == 200:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._answer(verdict, _with_headers(send))

    async def _answer(self, verdict: Verdict, send: Send) -> None:
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        if verdict.set_cookie:
            cookie = f"{self._rules.cookie_name}={self._token}; Path=/; HttpOnly; SameSite=Lax"
            headers += [(b"location", b"/"), (b"set-cookie", cookie.encode())]
        await send({"type": "http.response.start", "status": verdict.status, "headers": headers})
        await send({"type": "http.response.body", "body": verdict.text.encode()})


def _with_headers(send: Send) -> Send:
    extra = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *extra]
        await send(message)

    return send_with_headers
