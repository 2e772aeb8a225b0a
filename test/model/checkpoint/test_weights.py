"""`eovseg weights`: downloads from a real HTTP server on this machine, conversion, what is said of files."""

import hashlib
import io
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from eovseg_model.checkpoint.checksums import sha256_of
from eovseg_model.checkpoint.loading import convert, read_state_dict
from eovseg_model.checkpoint.published import rename
from eovseg_model.checkpoint.published_files import PUBLISHED_FILES
from eovseg_model.cli.main import main
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS


@dataclass
class Service:
    """What the server gives and was asked for."""

    content: bytes
    breaks: int = 0  # answers that end half-way
    starts: list[int] = field(default_factory=list)  # first byte of every answer
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    """Serves one file with byte ranges."""

    def __init__(self, service, *args):
        self.service = service
        super().__init__(*args)

    def do_GET(self):
        service = self.service
        if self.path != "/s.pth":
            self.send_error(404)
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        total = len(service.content)
        service.starts.append(start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(total - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        end = total
        if service.breaks:
            service.breaks -= 1
            end = (start + total) // 2
        self.wfile.write(service.content[start:end])

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def checkpoint():
    """A torch file of the tiny network: what stands in for the published S below."""
    torch.manual_seed(0)
    file = io.BytesIO()
    torch.save({"model": build_model(CONFIGS["tiny"]).state_dict(), "iteration": 1}, file)
    return file.getvalue()


@pytest.fixture
def service(checkpoint):
    service = Service(checkpoint)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, service))
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}/s.pth"
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, in a world where S is as small as tiny and nothing is tried twice."""
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(CONFIGS, "s", replace(CONFIGS["tiny"], name="s"))
    monkeypatch.setattr("eovseg_model.checkpoint.download.RETRIES", 0)
    return tmp_path / "cache" / "weights"


def fetch(url, *more):
    return main(["weights", "fetch", "s", "--url", url, *more])


def complaint(capsys) -> str:
    """The one line on stderr below gdown's own."""
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_a_fetched_checkpoint_is_what_the_predictor_loads(service, cache, checkpoint):
    with pytest.raises(ValueError, match="eovseg weights fetch s"):
        EOVSegPredictor.from_checkpoint("s", None, ["mug"])
    assert fetch(service.url) == 0
    predictor = EOVSegPredictor.from_checkpoint("s", None, ["mug"], device="cpu", backend="reference")
    loaded = predictor.model.state_dict()
    expected = torch.load(io.BytesIO(checkpoint), weights_only=True)["model"]
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)


def test_only_the_converted_file_and_checksums_stay(service, cache):
    assert fetch(service.url) == 0
    assert {p.name for p in cache.iterdir()} - {"eovseg_s.lock"} == {
        "eovseg_s.safetensors",
        "eovseg_s.safetensors.sha256",
        "eovseg_s.pth.sha256",
    }
    checksum, name = (cache / "eovseg_s.pth.sha256").read_text().split()
    assert (checksum, name) == (hashlib.sha256(service.content).hexdigest(), "eovseg_s.pth")


def test_the_second_fetch_asks_nobody(service, cache):
    assert fetch(service.url) == 0
    assert fetch("http://127.0.0.1:9/s.pth") == 0
    assert service.starts == [0]


def test_an_interrupted_download_goes_on(service, cache, capsys):
    service.breaks = 1
    assert fetch(service.url) == 2
    assert "incomplete" in complaint(capsys)
    (received,) = (p.stat().st_size for p in cache.glob("*.part"))
    assert received > len(service.content) / 3
    assert not (cache / "eovseg_s.safetensors").exists()
    assert fetch(service.url) == 0
    assert service.starts[-1] == received


def test_a_broken_connection_is_taken_up_again_at_once(service, cache, monkeypatch):
    monkeypatch.setattr("eovseg_model.checkpoint.download.RETRIES", 1)
    service.breaks = 1
    assert fetch(service.url) == 0
    assert len(service.starts) == 2 and service.starts[1] > len(service.content) / 3


def test_restart_begins_anew(service, cache):
    service.breaks = 1
    fetch(service.url)
    assert fetch(service.url, "--restart") == 0
    assert service.starts == [0, 0]


def test_another_file_than_the_first_is_refused(service, cache, capsys):
    assert fetch(service.url) == 0
    kept = (cache / "eovseg_s.safetensors").read_bytes()
    torch.manual_seed(1)
    file = io.BytesIO()
    torch.save(build_model(CONFIGS["tiny"]).state_dict(), file)
    first, service.content = service.content, file.getvalue()
    assert fetch(service.url, "--restart") == 2
    message = complaint(capsys)
    assert hashlib.sha256(first).hexdigest() in message
    assert hashlib.sha256(service.content).hexdigest() in message
    assert "eovseg_s.pth.sha256" in message and "--restart" in message
    assert (cache / "eovseg_s.safetensors").read_bytes() == kept
    service.content = first
    assert fetch(service.url, "--restart") == 0


def test_a_file_damaged_in_the_cache_is_noticed(service, cache, capsys):
    assert fetch(service.url) == 0
    path = cache / "eovseg_s.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert fetch(service.url) == 2
    assert "the cached file is damaged" in complaint(capsys)
    assert fetch(service.url, "--restart") == 0 and fetch(service.url) == 0


@pytest.mark.parametrize("content", [b"<html>quota exceeded</html>", b""])
def test_a_page_instead_of_the_file_leaves_no_checksum(service, cache, capsys, content):
    first, service.content = service.content, content
    assert fetch(service.url) == 2
    assert "--restart" in complaint(capsys)
    assert not list(cache.glob("*.sha256"))
    service.content = first
    assert fetch(service.url, "--restart") == 0


def test_refusal_and_no_network(service, cache, capsys):
    assert fetch(service.url + "x") == 2
    assert "404" in complaint(capsys)
    assert fetch("http://127.0.0.1:9/s.pth") == 2  # nothing listens there
    message = complaint(capsys)
    assert "offline" in message and "eovseg weights convert FILE --variant s" in message


def test_a_file_from_elsewhere_goes_into_the_cache(cache, checkpoint, tmp_path):
    source = tmp_path / "by_hand.pth"
    source.write_bytes(checkpoint)
    assert main(["weights", "convert", str(source), "--variant", "s"]) == 0
    assert EOVSegPredictor.from_checkpoint("s", None, ["mug"])
    assert source.exists()


def test_convert_drops_what_inference_never_uses(published_file, tmp_path, capsys):
    target = tmp_path / "s.safetensors"
    assert main(["weights", "convert", str(published_file), str(target), "--variant", "s"]) == 0
    assert 0 < target.stat().st_size - PUBLISHED_FILES["s"].converted_bytes < 200_000  # the file's header
    with torch.device("meta"):
        expected = build_model(CONFIGS["s"]).state_dict()
    converted, entries = read_state_dict(target), rename(read_state_dict(published_file), expected)
    assert converted.keys() == entries.keys()
    assert all(torch.equal(converted[name], entries[name]) for name in entries)
    capsys.readouterr()
    assert main(["weights", "info", str(target)]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (rows["fits"], rows["names"], rows["variant"]) == ("s", "ours", "s")
    assert rows["SHA-256"] == sha256_of(target) and rows["source_sha256"] == sha256_of(published_file)
    target.unlink()


def test_convert_names_what_does_not_fit(checkpoint, tmp_path, capsys):
    source, target = tmp_path / "tiny.pth", tmp_path / "m.safetensors"
    source.write_bytes(checkpoint)
    assert main(["weights", "convert", str(source), str(target), "--variant", "m"]) == 2
    assert "backbone.tower.conv1.weight (8, 3, 3, 3), expected (40, 3, 3, 3)" in complaint(capsys)
    assert not target.exists()


def test_convert_separates_tensors_that_share_memory(tmp_path):
    weights = build_model(CONFIGS["tiny"]).state_dict()
    weights["vas.offset"] = weights["vas.scale"] = torch.full((1, 1, 1, 1), 2.0)
    torch.save(weights, tmp_path / "a.pth")
    convert(read_state_dict(tmp_path / "a.pth"), weights, tmp_path / "a.safetensors", {})
    assert read_state_dict(tmp_path / "a.safetensors")["vas.offset"].item() == 2.0


def test_info_tells_the_variant_of_a_torch_file(checkpoint, tmp_path, capsys):
    path = tmp_path / "unnamed.pth"
    path.write_bytes(checkpoint)
    assert main(["weights", "info", str(path)]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["fits"] == "tiny" and "SHA-256" in rows


def test_code_in_a_file_is_not_run(tmp_path, capsys):
    path = tmp_path / "a.pth"
    torch.save({"model": {"a": torch.zeros(1)}, "hook": threading.Thread}, path)
    assert main(["weights", "info", str(path)]) == 2
    assert "objects other than tensors" in complaint(capsys)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["convert", "a.pth", "b.pth", "--variant", "s"], "safetensors"),
        (["convert", "a.pth", "b.safetensors", "--variant", "s"], "weights file not found: a.pth"),
        (["info", "a.pth"], "weights file not found: a.pth"),
    ],
)
def test_mistakes_get_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["weights", *arguments]) == 2
    printed = capsys.readouterr().err.strip()
    assert words in printed and len(printed.splitlines()) == 1


def test_list_says_what_is_here(service, cache, capsys):
    assert main(["weights", "list"]) == 0
    printed = capsys.readouterr().out
    for variant, published in PUBLISHED_FILES.items():
        assert f"eovseg weights fetch {variant}" in printed and published.drive_id in printed
    fetch(service.url)
    capsys.readouterr()
    main(["weights", "list"])
    assert "eovseg weights fetch s" not in capsys.readouterr().out


@pytest.mark.parametrize("variant", PUBLISHED_FILES)
def test_the_sizes_in_the_list_are_those_of_the_networks(variant):
    with torch.device("meta"):
        weights = build_model(CONFIGS[variant]).state_dict()
    size = sum(w.numel() * w.element_size() for w in weights.values())
    assert size == PUBLISHED_FILES[variant].converted_bytes
