"""Viewers are found by their address, or started."""

import socket
import time

import pytest

from eovseg_ros.clients import ClientError
from eovseg_ros.viewer import viewer_process
from eovseg_ros.viewer.viewer_process import check_viewer, open_viewer, viewer_url

PROGRAM = """
import socket, sys, time
port, address = int(sys.argv[sys.argv.index("--port") + 1]), sys.argv[sys.argv.index("--bind") + 1]
{body}
"""
LISTEN = """
open(sys.argv[0] + ".arguments", "w").write(" ".join(sys.argv[1:]))
server = socket.create_server((address, port))
while True:
    server.accept()[0].close()
"""


def wait(condition, seconds, otherwise):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ClientError(otherwise)
        time.sleep(0.05)


@pytest.fixture
def free_port(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setattr(viewer_process, "DEFAULT_PORT", port)
    return port


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a program in the place of the viewer; it ends with the test."""
    started = []
    popen = viewer_process.subprocess.Popen

    def start(*arguments, **settings):
        started.append(popen(*arguments, **settings))
        return started[-1]

    def write(body):
        (tmp_path / "rerun_cli.py").write_text(PROGRAM.format(body=body))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(viewer_process.subprocess, "Popen", start)
        return started

    yield write
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("laptop", "rerun+http://laptop:9876/proxy"),
        ("10.0.0.7:9000", "rerun+http://10.0.0.7:9000/proxy"),
        ("[fe80::1]:9000", "rerun+http://[fe80::1]:9000/proxy"),
        ("rerun+http://laptop:1234/proxy", "rerun+http://laptop:1234/proxy"),
        ("rerun+https://laptop/proxy", "rerun+https://laptop/proxy"),
    ],
)
def test_addresses_are_written_in_three_ways(address, url):
    assert viewer_url(address) == url


@pytest.mark.parametrize(
    "address", ["", "a b", "laptop:port", "laptop:99999", "http://laptop", "laptop/x", ":9"]
)
def test_other_addresses_are_refused(address):
    with pytest.raises(ClientError, match="--connect must be HOST, HOST:PORT or") as caught:
        viewer_url(address)
    assert repr(address) in str(caught.value)


def test_a_viewer_elsewhere_must_listen(free_port):
    url = viewer_url(f"127.0.0.1:{free_port}")
    with pytest.raises(ClientError, match=f"no viewer at 127.0.0.1 port {free_port}: Connection refused"):
        check_viewer(url)
    with socket.create_server(("127.0.0.1", free_port)):
        check_viewer(url)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("rerun+http://a:9000/proxy", "a", 9000),
        ("rerun+http://a/proxy", "a", 80),
        ("rerun+https://a/proxy", "a", 443),
        ("rerun://a/proxy", "a", 443),
    ],
)
def test_an_address_without_a_port_has_that_of_its_scheme(monkeypatch, url, host, port):
    asked = []
    monkeypatch.setattr(viewer_process, "_why_unreachable", lambda *where: asked.append(where) or "")
    check_viewer(viewer_url(url))
    assert asked == [(host, port)]


def test_a_viewer_that_runs_is_used(free_port, install):
    started = install(LISTEN)
    with socket.create_server(("127.0.0.1", free_port)):
        assert open_viewer("1GB", wait) == f"rerun+http://127.0.0.1:{free_port}/proxy"
    assert not started


def test_a_viewer_is_started_for_this_machine_alone_with_bounded_memory(free_port, install, tmp_path):
    install(LISTEN)
    assert open_viewer("1GB", wait) == f"rerun+http://127.0.0.1:{free_port}/proxy"
    words = (tmp_path / "rerun_cli.py.arguments").read_text()
    assert "--bind 127.0.0.1" in words and f"--port {free_port}" in words
    assert "--memory-limit 1GB --server-memory-limit 100MB" in words


def test_a_viewer_that_does_not_start_is_told_with_its_last_words(free_port, install):
    install("print('starting'); sys.exit('no display found')")
    with pytest.raises(ClientError, match="the viewer did not start: no display found; on a machine without"):
        open_viewer("1GB", wait)
    install("sys.exit(3)")
    with pytest.raises(ClientError, match="the viewer did not start: exit status 3; on"):
        open_viewer("1GB", wait)


def test_a_viewer_survives_ctrl_c_in_the_terminal(free_port, install):
    started = install(LISTEN)
    open_viewer("1GB", wait)
    with open(f"/proc/{started[0].pid}/stat") as file:
        session = int(file.read().rpartition(")")[2].split()[3])
    assert session == started[0].pid
