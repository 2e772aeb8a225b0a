"""Downloads against a real HTTP server on this machine."""

import hashlib
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from eovseg_model.checkpoint.download import checksum_file, fetch
from eovseg_model.checkpoint.loading import CheckpointError

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class Handler(BaseHTTPRequestHandler):
    """Serves one file with byte ranges; the first `breaks` answers end half-way."""

    def __init__(self, state, *args):
        self.state = state
        super().__init__(*args)

    def do_GET(self):
        if self.path != "/weights.pth":
            self.send_error(404)
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        self.state["starts"].append(start)
        body = self.state["content"][start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            total = len(self.state["content"])
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        broken = len(self.state["starts"]) <= self.state["breaks"]
        self.wfile.write(body[: len(body) // 2] if broken else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """What it serves and did as a dictionary, with its address under "url"."""
    state = {"content": CONTENT, "breaks": 0, "starts": []}
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, state))
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    state["url"] = f"http://127.0.0.1:{http.server_port}/weights.pth"
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def test_first_download_records_its_checksum(server, tmp_path):
    path = tmp_path / "folder" / "weights.pth"
    checksum = fetch(server["url"], path)
    assert path.read_bytes() == CONTENT
    assert checksum == hashlib.sha256(CONTENT).hexdigest()
    assert checksum_file(path).read_text().split()[0] == checksum
    assert fetch(server["url"], path) == checksum and len(server["starts"]) == 1


def test_an_interrupted_download_goes_on(server, tmp_path, monkeypatch):
    monkeypatch.setattr("eovseg_model.checkpoint.download.RETRIES", 0)
    server["breaks"] = 1
    path = tmp_path / "weights.pth"
    with pytest.raises(CheckpointError, match="goes on where this one stopped"):
        fetch(server["url"], path)
    assert not path.exists()
    fetch(server["url"], path)
    assert server["starts"] == [0, 0, len(CONTENT) // 2] and path.read_bytes() == CONTENT


def test_a_file_that_changed_is_refused(server, tmp_path):
    path = tmp_path / "weights.pth"
    fetch(server["url"], path)
    path.unlink()
    server["content"] = CONTENT[::-1]
    with pytest.raises(CheckpointError, match="damaged or the file was"):
        fetch(server["url"], path)


def test_missing_file_and_no_network(server, tmp_path, monkeypatch):
    monkeypatch.setattr("eovseg_model.checkpoint.download.RETRIES", 0)
    with pytest.raises(CheckpointError, match="404"):
        fetch(server["url"] + "x", tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="Without internet"):
        fetch("http://127.0.0.1:9/weights.pth", tmp_path / "a.pth")  # nothing listens there
