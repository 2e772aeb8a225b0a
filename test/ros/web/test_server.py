"""The console over HTTP, without a browser: pictures, snapshots, slow and hostile clients."""

import base64
import contextlib
import http.client
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest

TOKEN = "a-token-of-the-tests"


class Client:
    """Asks with a connection that stays open, as browsers do."""

    def __init__(self, url, **headers):
        self.host = urlsplit(url).netloc
        self._headers = headers
        self._connection = http.client.HTTPConnection(self.host, timeout=10)

    def get(self, path, method="GET"):
        self._connection.request(method, path, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def frames(self, count):
        """Number and age in seconds of the next pictures, as a page gets them."""
        after, found = 0, []
        while len(found) < count:
            status, headers, _ = self.get(f"/frame?camera=&kind=overlay&after={after}")
            if status == 200:
                after = int(headers["x-frame"])
                found.append((after, time.time() - float(headers["x-stamp"])))
            else:
                time.sleep(0.1)
        return found


@pytest.fixture(scope="module")
def url(station):
    station.start_node()
    return station.start_console()


@pytest.fixture(scope="module")
def guarded(station, url):
    """The address of a second console, which asks for a token, without that."""
    given = station.start_console("--host", "0.0.0.0", "--token", TOKEN)
    assert given.endswith(f"/?token={TOKEN}")
    return f"http://127.0.0.1:{urlsplit(given).port}/"


def test_every_picture_comes_soon_after_its_publication(url):
    numbers, ages = zip(*Client(url).frames(20), strict=True)
    assert list(numbers) == sorted(set(numbers))
    assert statistics.median(ages) < 0.15


def test_a_picture_is_a_jpeg_and_what_is_not_there_says_so(url):
    client = Client(url)
    status, headers, data = client.get("/frame?camera=&kind=camera")
    assert (status, headers["content-type"], headers["cache-control"]) == (200, "image/jpeg", "no-store")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (480, 640, 3) and np.abs(picture[200, 120].astype(int) - [0, 1, 7]).max() < 12
    for query in ("camera=rear&kind=overlay", "camera=&kind=depth", "camera=..%2F&kind="):
        assert client.get(f"/frame?{query}")[0] == 404
    for after in ("-1", "x", "9" * 400, "%C2%B2"):
        assert client.get(f"/frame?camera=&kind=overlay&after={after}")[0] == 200
    for place in ("x=nan&y=1", "x=inf&y=-inf", "x=&y=", "x=1e400&y=0", "key=" + "k" * 5000):
        assert client.get(f"/segment?camera=&{place}")[0] == 200


def test_a_snapshot_holds_picture_and_segments(url):
    client = Client(url)
    client.frames(2)

    def snapshot():
        client.frames(1)
        status, headers, data = client.get("/snapshot?camera=&kind=overlay")
        assert status == 200 and "attachment" in headers["content-disposition"]
        archive = zipfile.ZipFile(io.BytesIO(data))
        picture, segments = archive.namelist()
        assert picture.startswith("overlay_") and picture.endswith(".png")
        assert cv2.imdecode(np.frombuffer(archive.read(picture), np.uint8), 1).shape == (480, 640, 3)
        return json.loads(archive.read(segments))

    # The lists of segments are subscribed to by an open page; /segment stands for it.
    for _ in range(50):
        client.get("/segment?camera=&x=0&y=0")
        if (described := snapshot())["segments"]:
            break
    (segment,) = described["segments"]
    assert segment["label"] == "ball" and segment["pixel_bbox"] == [60, 100, 120, 200]
    assert described["vocabulary"] == ["cup", "ball", "floor|stuff"]


def test_a_browser_that_stops_reading_slows_nobody(url):
    host = urlsplit(url)
    stopped = []
    for _ in range(8):
        one = socket.create_connection((host.hostname, host.port))
        one.sendall(
            b"GET /frame?camera=&kind=overlay HTTP/1.1\r\nHost: " + host.netloc.encode() + b"\r\n\r\n" * 1
        )
        stopped.append(one)
    start = time.monotonic()
    ages = [age for _, age in Client(url).frames(20)]
    assert time.monotonic() - start < 5 and statistics.median(ages) < 0.15
    for one in stopped:
        one.close()


def test_several_browsers_get_the_same_pictures(url):
    found = {}

    def watch(name):
        found[name] = {number for number, _ in Client(url).frames(20)}

    threads = [threading.Thread(target=watch, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set.intersection(*found.values())) >= 10


def handshake(url, **headers):
    """The status of a request for the page's WebSocket."""
    host = urlsplit(url)
    lines = ["GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1", f"Host: {host.netloc}"]
    lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((host.hostname, host.port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(connection.recv(4096).split()[1])


def test_a_websocket_from_a_page_of_another_site_is_refused(url, guarded):
    own = url.rstrip("/")
    assert handshake(url, Origin=own) == 101
    for origin in ("http://evil.example", own.replace("127.0.0.1", "localhost"), "null"):
        assert handshake(url, Origin=origin) == 403
    cookie = f"eovseg_{urlsplit(guarded).port}="
    assert handshake(guarded, Origin=guarded.rstrip("/"), Cookie=cookie + TOKEN) == 101
    assert handshake(guarded, Origin=guarded.rstrip("/"), Cookie=cookie + "wrong") == 403
    assert handshake(guarded, Origin="http://evil.example", Cookie=cookie + TOKEN) == 403


def memory_of(pid):
    """Resident bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_a_flood_without_the_token_gets_no_frame_and_costs_no_memory(guarded, station):
    strangers = [Client(guarded, Cookie=f"eovseg_1={i}") for i in range(4)]
    for one in strangers:  # what the first answers need, such as buffers
        for _ in range(25):
            assert one.get("/")[0] == 401
    pid = station.console.pid
    before = memory_of(pid)
    for i in range(300):
        client = strangers[i % 4]
        for path in (
            "/frame?camera=&kind=overlay",
            f"/?token=guess{i}",
            "/snapshot",
            "/segment?camera=&x=0&y=0",
        ):
            status, _, body = client.get(path)
            assert status == 401 and b"token" in body and len(body) < 200
    assert memory_of(pid) - before < 4e6
    assert not station.graph.node.get_subscriptions_info_by_topic("/eovseg/panoptic")


def test_headers_and_bodies_without_end_cost_no_memory(url, station):
    host = urlsplit(url)
    pid = station.console.pid
    before = memory_of(pid)
    for head in (
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
        f"POST /?token={TOKEN} HTTP/1.1\r\nHost: localhost\r\n",
    ):
        body = "Transfer-Encoding: chunked\r\n\r\n" if head.startswith("POST") else ""
        with socket.create_connection((host.hostname, host.port), timeout=2) as connection:
            connection.sendall((head + body).encode())
            chunk = b"4000\r\n" + bytes(0x4000).replace(b"\0", b"a") + b"\r\n"
            with contextlib.suppress(OSError):  # closed or no longer read; else 32 MB are thrown away
                for _ in range(2000):
                    connection.sendall(chunk if body else chunk[6:-2])
            assert memory_of(pid) - before < 4e6


def test_the_token_opens_the_page(guarded):
    client = Client(guarded)
    status, headers, _ = client.get(f"/?token={TOKEN}")
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    known = Client(guarded, Cookie=cookie.split(";")[0])
    status, headers, page = known.get("/")
    assert status == 200 and b"EOV-Seg" in page and TOKEN.encode() not in page
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(known.frames(2)) == 2


def test_uploads_and_too_many_pages_are_refused(url):
    client = Client(url)
    assert client.get("/_nicegui/client/1/upload/1", method="POST")[0] == 405
    statuses = [client.get("/")[0] for _ in range(40)]
    assert statuses[0] == 200 and statuses[-1] == 503 and statuses.count(200) <= 16


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--host", "0.0.0.0"), "--token"),
        (("--token", "short"), "at least 16"),
        (("--port", "70000"), "0 to 65535"),
        (("--port", "1"), ""),
        (("--host", "256.0.0.1", "--token"), "cannot listen on 256.0.0.1"),
        (("--node", "a b"), "must be a node's name"),
    ],
)
def test_what_cannot_start_says_why_in_a_line(arguments, words):
    command = [sys.executable, "-m", "eovseg_ros.cli.program", "web", "--port", "0", *arguments]
    if arguments == ("--port", "1"):
        taken = socket.create_server(("127.0.0.1", 0))
        command += ["--port", str(taken.getsockname()[1])]
        words = "choose another --port"
    process = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert process.returncode == 1 and process.stderr.count("\n") == 1
    assert process.stderr.startswith("eovseg-ros web: ") and words in process.stderr


def test_the_node_may_be_named_before_the_command():
    command = [sys.executable, "-m", "eovseg_ros.cli.program", "--node", "a b", "web", "--port", "0"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert process.returncode == 1 and "must be a node's name" in process.stderr


def test_ctrl_c_ends_it_at_once(station, url):
    station.start_console()
    console = station.console
    console.interrupt()
    assert console.wait(10) == 0
    assert "Traceback" not in console.log
