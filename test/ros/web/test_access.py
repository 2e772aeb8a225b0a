"""Who may use the console."""

import asyncio
import socket

import pytest

from eovseg_ros.processes import ArgumentError
from eovseg_ros.web.access import request_rules
from eovseg_ros.web.access.address import Address, check_address, is_loopback
from eovseg_ros.web.access.guard import Guard
from eovseg_ros.web.access.request_rules import RequestHead, RequestRules

TOKEN = "abcdefghijklmnop"
LOCAL = Address("127.0.0.1", 8080, "")
SHARED = Address("0.0.0.0", 8080, TOKEN)


def judge(address, path="/", query="", method="GET", **headers):
    given = {"host": "127.0.0.1:8080"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return RequestRules(address).judge(RequestHead(method, path, query, given))


def test_other_machines_need_a_token():
    assert check_address("127.0.0.1", 8080, None) == LOCAL
    assert check_address("::1", 8080, None).url == "http://[::1]:8080/"
    for host in ("0.0.0.0", "192.168.1.5", "robot.local", "::"):
        assert not is_loopback(host)
        with pytest.raises(ArgumentError, match="--token"):
            check_address(host, 8080, None)
    assert check_address("robot", 80, TOKEN).url == f"http://robot:80/?token={TOKEN}"
    assert check_address("0.0.0.0", 80, TOKEN).url == f"http://{socket.gethostname()}:80/?token={TOKEN}"
    random = {check_address("0.0.0.0", 80, "").token for _ in range(3)}
    assert len(random) == 3 and min(map(len, random)) == 32
    for token in ("short", "a" * 15, "a" * 20 + "&b=c", "a" * 20 + " ", "\xe9" * 20):
        with pytest.raises(ArgumentError, match="at least 16"):
            check_address("0.0.0.0", 80, token)


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address():
    assert judge(SHARED, query=f"token={TOKEN}")[::2] == (303, True)
    assert judge(SHARED, cookie=f"eovseg_8080={TOKEN}").status == 200
    assert judge(SHARED, "/frame", cookie=f"a=b; eovseg_8080={TOKEN}").status == 200
    assert judge(SHARED, query=f"token={TOKEN}", cookie=f"eovseg_8080={TOKEN}")[::2] == (303, True)


@pytest.mark.parametrize(
    ("query", "cookie"),
    [
        ("", ""),
        ("token=", "eovseg_8080="),
        (f"token={TOKEN}x", f"eovseg_8080={TOKEN[:-1]}"),
        ("token=%C3%A9", "eovseg_8080=\xe9"),
        ("&".join(["token=a"] * 30), f"eovseg_80={TOKEN}"),
        (f"other={TOKEN}", f"=;{TOKEN}"),
    ],
)
def test_anything_else_gets_nothing(query, cookie):
    for path in ("/", "/frame", "/_nicegui_ws/socket.io/", "/_nicegui/x/static/a.js"):
        assert judge(SHARED, path, query, cookie=cookie).status == 401
    assert judge(SHARED, "/frame", f"token={TOKEN}").status == 401  # tokens stay out of other addresses


def test_tokens_are_compared_in_constant_time(monkeypatch):
    compared = []

    monkeypatch.setattr(request_rules.hmac, "compare_digest", lambda a, b: compared.append((a, b)))
    assert judge(SHARED, "/frame", cookie="eovseg_8080=guess").status == 401
    assert compared == [(b"guess", TOKEN.encode())]


def test_pages_of_other_sites_are_refused():
    for address, cookie in ((LOCAL, ""), (SHARED, f"eovseg_8080={TOKEN}")):
        for origin in (
            "http://evil.example",
            "http://127.0.0.1:9090",
            "null",
            "http://127.0.0.1:8080.evil",
            "http://[",
        ):
            assert judge(address, "/_nicegui_ws/socket.io/", origin=origin, cookie=cookie).status == 403
        own = "http://127.0.0.1:8080"
        assert judge(address, "/_nicegui_ws/socket.io/", origin=own, cookie=cookie).status == 200
        assert judge(address, "/frame", sec_fetch_site="cross-site", cookie=cookie).status == 403
        link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
        assert judge(address, "/", cookie=cookie, **link).status == 200
        assert judge(address, "/snapshot", cookie=cookie, **link).status == 403


def test_a_name_of_the_internet_that_points_here_is_refused():
    for host in ("evil.example:8080", "", "[", "localhost.evil.example"):
        assert judge(LOCAL, host=host).status == 403
    for host in ("localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"):
        assert judge(LOCAL, host=host).status == 200
    assert judge(SHARED, host="robot.local:8080", cookie=f"eovseg_8080={TOKEN}").status == 200


def test_unknown_addresses_build_no_page():
    cookie = f"eovseg_8080={TOKEN}"
    for path in ("/other", "//", "/frames", "/frame/", "/docs", "/_nicegui"):
        assert judge(LOCAL, path).status == judge(SHARED, path, cookie=cookie).status == 404
        assert judge(SHARED, path).status == 401
    for path in ("/frame", "/segment", "/snapshot", "/favicon.ico", "/_nicegui/3/static/a.js"):
        assert judge(LOCAL, path).status == judge(SHARED, path, cookie=cookie).status == 200


def test_nothing_takes_data():
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        for path in ("/", "/upload", "/_nicegui_ws/socket.io/"):
            assert judge(LOCAL, path, method=method).status == 405
    assert judge(LOCAL, "/_nicegui_ws/socket.io/").status == 200


def ask(guard, kind="http", path="/", headers=()):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    scope = {"type": kind, "method": "GET", "path": path, "query_string": b"", "headers": list(headers)}
    asyncio.run(guard(scope, receive, send))
    return sent


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


def test_refused_requests_never_reach_the_application():
    guard = Guard(app, SHARED, lambda: "")
    start, body = ask(guard)
    assert start["status"] == 401 and b"inside" not in body["body"]
    assert ask(guard, "websocket") == [{"type": "websocket.close", "code": 1008}]


def test_answers_forbid_other_hosts_and_frames():
    local = [(b"host", b"localhost")]
    for guard, status in ((Guard(app, LOCAL, lambda: ""), 200), (Guard(app, LOCAL, lambda: "full"), 503)):
        start, _ = ask(guard, headers=local)
        headers = dict(start["headers"])
        assert start["status"] == status
        assert b"default-src 'self'" in headers[b"content-security-policy"]
        assert headers[b"x-frame-options"] == b"DENY"
    start, _ = ask(Guard(app, LOCAL, lambda: "full"), path="/frame", headers=local)
    assert start["status"] == 200
