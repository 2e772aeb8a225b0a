"""`eovseg gpu-check`: its parts on the CPU, its guards, its deadline and its files. No test of a time."""

import json
import logging
import math

import pytest
import torch
from networks import network_of

import eovseg_model.benchmark
from eovseg_model.backends.loading import backend_status, load_backend
from eovseg_model.backends.names import BACKENDS
from eovseg_model.benchmark.gpu_check import check, network_stages, parity_arrays, worker
from eovseg_model.benchmark.gpu_check.accuracy import is_parity, query_differences
from eovseg_model.benchmark.gpu_check.check import run_gpu_check, run_parts
from eovseg_model.benchmark.gpu_check.latencies import latencies, percentile
from eovseg_model.benchmark.gpu_check.material import UnavailableError
from eovseg_model.benchmark.gpu_check.part import Outcome, Part
from eovseg_model.benchmark.gpu_check.plan import plan
from eovseg_model.benchmark.gpu_check.report import Report
from eovseg_model.benchmark.gpu_check.setting import FULL, QUICK
from eovseg_model.benchmark.gpu_check.speed import _NetworkClock
from eovseg_model.benchmark.gpu_check.worker import run_part
from eovseg_model.cli.main import main
from eovseg_model.network.eovseg import EOVSegOutput

CPU = torch.device("cpu")
SPEED = Part(kind="speed", variant="tiny", backend="torch", precision="fp32")


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """A whole check on the CPU: its folder, exit code, and what it printed."""
    out = tmp_path_factory.mktemp("check") / "new" / "folder"
    with pytest.MonkeyPatch.context() as monkeypatch:
        printed = []
        monkeypatch.setattr("builtins.print", lambda *words, **options: printed.append((words, options)))
        code = main(["gpu-check", "--out", str(out), "--device", "cpu", "--quick"])
    return out, code, [" ".join(map(str, words)) for words, options in printed if "file" not in options]


def test_a_quick_check_on_the_cpu_measures_what_a_cpu_can(checked):
    out, code, _ = checked
    content = json.loads((out / "gpu_check.json").read_text())
    assert code == 0 and content["finished"] and content["good"] and content["seconds"] < 60 * 8
    by_status = {}
    for part in content["parts"]:
        by_status.setdefault(part["status"], set()).add((part["kind"], part["backend"], part["precision"]))
    assert by_status["ok"] >= {
        ("environment", "", ""),
        ("parity arrays", "reference", "fp32"),
        ("parity", "reference", "fp32"),
        ("parity", "torch", "fp32"),
        ("speed", "torch", "fp32"),
        ("speed", "reference", "fp32"),
        ("cameras", "torch", "fp32"),
        ("threads", "torch", "fp32"),
        ("stages", "torch", "fp32"),
        ("stages", "reference", "fp32"),
    }
    assert ("speed", "tensorrt_rtx", "fp16") in by_status["unavailable"]
    assert by_status.keys() <= {"ok", "unavailable"}


def test_the_json_has_everything(checked):
    out, *_ = checked
    content = json.loads((out / "gpu_check.json").read_text())
    assert content.keys() == {
        *("format", "date", "minutes", "seconds", "finished", "good", "setting", "paper", "parts"),
    }
    assert content["paper"]["frames_per_second"] == {"s": 23.8, "m": 18.4, "l": 11.6}
    assert "RTX 3090" in content["paper"]["source"]
    found = {(part["kind"], part["backend"], part["precision"]): part for part in content["parts"]}
    assert found["speed", "torch", "fp32"].keys() == {
        *("kind", "variant", "backend", "precision", "tf32", "status", "reason", "seconds"),
        *("warnings", "result"),
    }
    environment = found["environment", "", ""]["result"]
    assert environment["machine"].keys() >= {"device", "Python", "system", "CPU"}
    assert environment["packages"]["torch"] == torch.__version__.partition("+")[0]
    assert environment["packages"].keys() >= {"torch_tensorrt", "tensorrt", "tensorrt_rtx", "triton"}
    speed = found["speed", "torch", "fp32"]["result"]
    assert speed.keys() == {
        *("median_ms", "p99_ms", "frames", "frames_per_second", "paper_frames_per_second", "stages_ms"),
        *("peak_torch_bytes", "device_growth_bytes", "start_seconds", "build_seconds", "warm_start_seconds"),
        *("mask_difference", "class_difference"),
    }
    assert 0 < speed["median_ms"] <= speed["p99_ms"] and speed["paper_frames_per_second"] is None
    assert speed["stages_ms"].keys() == {"preprocess", "network", "fusion"}
    assert speed["mask_difference"] < 1e-4 and speed["class_difference"] < 1e-4
    arrays = found["parity arrays", "reference", "fp32"]["result"]
    assert arrays["within"] and arrays["pixels_unlike"] <= 5 and arrays["pixels"] == 96 * 128
    parity = found["parity", "reference", "fp32"]["result"]
    assert parity["within"] and len(parity["features"]) == 5 + 3
    assert list(parity["outputs"]) == list(EOVSegOutput._fields)
    assert found["cameras", "torch", "fp32"]["result"]["cameras"] == 4
    threads = found["threads", "torch", "fp32"]["result"]
    assert threads["threads"] == 2
    assert threads["gain"] == pytest.approx(
        threads["threads_frames_per_second"] / threads["one_thread_frames_per_second"]
    )
    assert len(found["stages", "reference", "fp32"]["result"]["stages_ms"]) == 8


def test_the_tables_are_printed_and_written(checked):
    out, _, printed = checked
    (text,) = printed
    written = (out / "gpu_check.md").read_text()
    assert text.splitlines()[3:] == written.splitlines()[3:]  # the third line has the seconds
    headings = [line for line in written.splitlines() if line.startswith("#")]
    assert headings == [
        "# eovseg gpu-check",
        "## Machine",
        "## float32 against the CPU",
        *(["## Lower precisions against float32 on the CPU"] if "torch bf16 | 0" in written else []),
        "## Speed",
        "## Start, memory and agreement",
        "## Several cameras",
        "## Two threads",
        "## Parts of the network",
        "## Not measured",
    ]
    assert (
        "| unavailable | backend tensorrt_rtx needs an NVIDIA GPU; got device cpu | speed, tiny," in written
    )
    assert {path.name for path in out.iterdir()} == {"gpu_check.md", "gpu_check.json", "gpu_check.log"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without CUDA")
def test_without_cuda_one_line_says_so(tmp_path, capsys):
    assert main(["gpu-check", "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("eovseg: device 'cuda' cannot be used: ") and printed.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "many"])
def test_minutes_that_are_none_are_refused(minutes, capsys):
    with pytest.raises(SystemExit):
        main(["gpu-check", "--out", "out", "--minutes", minutes])
    assert f"must be a number of minutes above 0; got '{minutes}'" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["gpu-check", "--out", str(tmp_path / "file" / "out"), "--device", "cpu", "--quick"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# The plan


def test_the_most_important_parts_come_first():
    parts = plan(FULL, "cuda")
    titles = [part.title for part in parts]
    assert len(set(titles)) == len(titles)
    assert titles[:4] == [
        "environment",
        "parity arrays, s, reference fp32",
        "parity, s, reference fp32",
        "parity, s, torch fp32",
    ]
    assert [part.tf32 for part in parts[:4]] == [False, False, False, True] and all(p.tf32 for p in parts[4:])
    places = [titles.index(f"speed, {variant}, torch fp16") for variant in ("s", "m", "l")]
    assert places == sorted(places) and places[-1] < titles.index("speed, s, tensorrt_rtx fp16")
    measured = {(p.variant, p.backend, p.precision) for p in parts if p.kind == "speed"}
    backends = {
        *(("torch", precision) for precision in ("fp32", "tf32", "fp16", "bf16")),
        *(("compile", precision) for precision in ("fp32", "fp16", "bf16")),
        *((name, precision) for name in ("tensorrt", "tensorrt_rtx") for precision in ("fp32", "fp16")),
        ("reference", "fp32"),
    }
    assert measured == {(variant, *backend) for variant in ("s", "m", "l") for backend in backends}
    assert {p.backend for p in parts if p.backend} == set(BACKENDS) - {"auto", "openvino", "onnxruntime"}
    for kind in ("cameras", "threads", "stages"):
        assert {p.variant for p in parts if p.kind == kind} == {"s", "m", "l"}


def test_the_sizes_of_the_full_check():
    assert (FULL.picture, FULL.input_size, FULL.classes) == ((480, 640), (640, 864), 150)
    assert QUICK.input_size == (96, 128)


# Time


class Clock:
    """Seconds that pass as parts say."""

    def __init__(self):
        self.now = 1000.0
        self.limits = {}

    def __call__(self):
        return self.now

    def run(self, part, seconds):
        """A part's variant is how long it takes."""
        self.limits[part.variant] = seconds
        wanted = float(part.variant)
        self.now += min(wanted, seconds)
        return Outcome(part=part, status="ok" if wanted <= seconds else "stopped", seconds=wanted)


def speeds(*seconds, backend="torch"):
    return [Part(kind="speed", variant=s, backend=backend, precision="fp16") for s in seconds]


def run_all(parts, minutes):
    clock, outcomes = Clock(), []
    run_parts(parts, clock.run, minutes, outcomes.append, clock)
    assert [outcome.part for outcome in outcomes] == list(parts)
    assert clock.now - 1000 <= 60 * minutes
    return clock, outcomes


def test_a_part_gets_its_share():
    """Of eight minutes a speed without an engine gets 60 s and one with an engine 100 s."""
    clock, outcomes = run_all([*speeds("10", "200"), *speeds("90", backend="tensorrt")], minutes=8)
    assert clock.limits == {"10": 60, "200": 60, "90": 100}
    assert [outcome.status for outcome in outcomes] == ["ok", "stopped", "ok"]
    clock, outcomes = run_all([*speeds("10", "200"), *speeds("90", backend="tensorrt")], minutes=16)
    assert clock.limits == {"10": 120, "200": 120, "90": 200}
    clock, outcomes = run_all(speeds("50", "50.5", "200"), minutes=2)  # fewer parts, not shorter ones
    assert clock.limits == {"50": 60, "50.5": 60, "200": 120 - 15 / 4 - 50 - 50.5}


def test_no_part_goes_past_the_end():
    """15 s of 480 are kept: 465 s, of which 59 are left for the last but one and 0 for the last."""
    parts = [*speeds("58", "58.5", "57.5", "58.25"), *speeds("87.75", "86", "200", "1", backend="compile")]
    clock, outcomes = run_all(parts, minutes=8)
    assert clock.limits["200"] == 465 - 58 - 58.5 - 57.5 - 58.25 - 87.75 - 86
    assert [outcome.status for outcome in outcomes] == [*["ok"] * 6, "stopped", "skipped"]
    assert outcomes[-1].reason == "no time left (--minutes, now 8, gives more)"


def test_an_engine_that_took_too_long_is_not_tried_for_larger_variants():
    parts = [
        *speeds("101", "1", backend="tensorrt"),
        *speeds("2", backend="tensorrt_rtx"),
        *speeds("61", "3"),  # torch has nothing to build
    ]
    clock, outcomes = run_all(parts, minutes=8)
    assert [outcome.status for outcome in outcomes] == ["stopped", "skipped", "ok", "stopped", "ok"]
    assert outcomes[1].reason == "101, which is smaller, took too long"


def test_a_check_that_is_interrupted_leaves_what_it_had(tmp_path, monkeypatch):
    written = []

    def run(self, part, seconds):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(part.title)
        content = json.loads((tmp_path / "gpu_check.json").read_text())
        assert len(content["parts"]) == len(written) - 1 and not content["finished"]
        return Outcome(part=part, status="failed", reason="RuntimeError: lost")

    monkeypatch.setattr(check.WorkerProcess, "run", run)
    with pytest.raises(KeyboardInterrupt):
        run_gpu_check(tmp_path, device="cpu", quick=True)
    content = json.loads((tmp_path / "gpu_check.json").read_text())
    assert [part["reason"] for part in content["parts"]] == ["RuntimeError: lost"] * 2
    assert not content["finished"] and not content["good"]
    assert (
        "| failed | RuntimeError: lost | environment; parity arrays"
        in (tmp_path / "gpu_check.md").read_text()
    )
    assert len(list(tmp_path.iterdir())) == 3  # without the cache


# Guards


def test_a_part_that_raises_is_a_row(monkeypatch, capsys):
    def fail(part, setting, device):
        raise RuntimeError("CUDA error: an illegal memory access\nwith details")

    monkeypatch.setitem(worker.MEASURE, "speed", fail)
    reason = "RuntimeError: CUDA error: an illegal memory access"
    expected = {"status": "failed", "reason": reason, "result": {}, "warnings": []}
    assert run_part(SPEED, QUICK, CPU) == expected
    assert "with details" in capsys.readouterr().err


def test_a_backend_that_cannot_be_used_is_a_row():
    part = Part(kind="cameras", variant="tiny", backend="tensorrt", precision="fp16")
    reason = "backend tensorrt needs an NVIDIA GPU; got device cpu"
    expected = {"status": "unavailable", "reason": reason, "result": {}, "warnings": []}
    assert run_part(part, QUICK, CPU) == expected


def test_absent_arrays_are_a_row(monkeypatch, tmp_path):
    monkeypatch.setattr(parity_arrays, "FOLDER", tmp_path / "test" / "data" / "parity")
    part = Part(kind="parity arrays", variant="s", backend="reference", precision="fp32")
    with pytest.raises(UnavailableError, match="are absent; the repository has them in test/data/parity$"):
        parity_arrays.measure_parity_arrays(part, QUICK, CPU)


@pytest.mark.parametrize(
    ("result", "status", "code"),
    [
        ({"within": True}, "ok", 0),
        ({"within": False}, "ok", 1),
        ({}, "failed", 1),
        ({}, "stopped", 0),
        ({}, "skipped", 0),
        ({}, "unavailable", 0),
    ],
)
def test_the_exit_code_tells_of_failures(result, status, code, tmp_path, monkeypatch, capsys):
    report = Report(setting=QUICK, minutes=8, planned=1)
    report.add(Outcome(part=Part(kind="threads"), status=status, result=result))
    monkeypatch.setattr(report, "as_markdown", lambda: "tables")
    monkeypatch.setattr(eovseg_model.benchmark, "run_gpu_check", lambda *_, **__: report, raising=False)
    assert main(["gpu-check", "--out", str(tmp_path), "--device", "cpu"]) == code
    assert capsys.readouterr().out == "tables\n"


def test_numbers_that_are_none_are_null_in_the_json():
    report = Report(setting=QUICK, minutes=8, planned=1)
    differences = {"class_logits": math.nan, "mask_logits": math.inf, "final_class_logits": 0.5}
    result = {"bound": 0.1, "within": False, "differences": differences, "mask_pixels_equal": 0.5}
    part = Part(kind="agreement", variant="s", backend="torch", precision="fp16")
    report.add(Outcome(part=part, status="ok", result=result))
    (found,) = json.loads(json.dumps(report.as_json(), allow_nan=False))["parts"]
    assert list(found["result"]["differences"].values()) == [None, None, 0.5]
    assert "| agreement, s, torch fp16 | nan | inf | 0.5000 | 0.1 | 50.00% | **NO** |" in report.as_markdown()
    assert not report.good and "1 out of bounds" in report.as_markdown()


def test_parts_of_the_network_that_cannot_be_timed_are_a_row(monkeypatch):
    """As of a backend that replays a CUDA graph: the network is called once, when it is recorded."""

    class Graph:
        def __init__(self, model):
            self.model, self.output = model, None

        def __call__(self, images, text, seen):
            self.output = self.output or self.model(images, text, seen)
            return self.output

    monkeypatch.setattr(network_stages, "load_backend", lambda name, model, precision, patient: Graph(model))
    part = Part(kind="stages", variant="tiny", backend="torch", precision="fp32")
    assert run_part(part, QUICK, CPU) == {
        "status": "unavailable",
        "reason": "backend torch does not run the network's parts one by one",
        "result": {},
        "warnings": [],
    }


def test_warnings_are_in_the_report(monkeypatch, capsys):
    """Each once, for example that CUDA graphs do not work; what only informs is not."""

    def warn(part, setting, device):
        for _ in range(2):
            logging.getLogger("eovseg_model.backends.cuda").warning("no graph (%s)", "a|b")
        logging.getLogger("eovseg_model").info("all is well")
        return {"within": True}

    monkeypatch.setitem(worker.MEASURE, "parity", warn)
    answer = run_part(Part(kind="parity", variant="s"), QUICK, CPU)
    assert answer["warnings"] == ["no graph (a|b)"] and answer["status"] == "ok"
    assert "no graph (a|b)" in capsys.readouterr().err
    report = Report(setting=QUICK, minutes=8, planned=2)
    report.add(Outcome(part=Part(kind="threads", variant="s"), status="failed", warnings=["no graph (a|b)"]))
    assert report.as_json()["parts"][0]["warnings"] == ["no graph (a|b)"]
    assert "## Warnings\n\n|  |  |\n|---|---|\n| threads, s | no graph (a/b) |" in report.as_markdown()


def test_a_backend_with_a_clock_has_its_status():
    """By which the predictor allows TF32."""
    model = network_of("tiny")
    assert backend_status(_NetworkClock(load_backend("torch", model), CPU)).backend == "torch"
    assert backend_status(_NetworkClock(model, CPU)).backend == "reference"


# Numbers


def test_differences_of_queries():
    """Three queries: equal; (0, 5) for (3, 4), off by sqrt(10) of 5; (100, 0.1) for (100, 0)."""
    expected = torch.tensor([[1.0, 2.0], [3.0, 4.0], [100.0, 0.0]])
    found = torch.tensor([[1.0, 2.0], [0.0, 5.0], [100.0, 0.1]])
    assert query_differences(found, expected) == {
        "queries_beyond": pytest.approx(2 / 3),
        "median": pytest.approx(1e-3),
        "largest": pytest.approx(10**0.5 / 5),
    }
    assert query_differences(found * math.nan, expected)["queries_beyond"] == 1


@pytest.mark.parametrize(
    ("beyond", "largest", "expected"),
    [(0.0, 1e-5, True), (0.06, 0.1, True), (0.07, 0.1, False), (0.01, 0.2, False), (1.0, math.nan, False)],
)
def test_bounds_of_parity(beyond, largest, expected):
    assert is_parity({"queries_beyond": beyond, "median": 0.0, "largest": largest}) is expected


def test_percentiles():
    values = [float(value) for value in range(200, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (100, 198, 7)


def test_the_first_calls_warm_up():
    """Ten of them, where there is time."""
    calls = []
    assert len(latencies(lambda: calls.append(1), FULL)) == FULL.frames
    assert len(calls) == FULL.frames + 10


# Engines


@pytest.mark.slow
def test_an_engine_is_built_once(tmp_path, monkeypatch):
    """OpenVINO's, which needs no GPU. The warm start takes it from the cache."""
    pytest.importorskip("openvino")
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path))
    part = Part(kind="speed", variant="tiny", backend="openvino", precision="fp32")
    answer = run_part(part, QUICK, CPU)
    assert answer["status"] == "ok", answer["reason"]
    result = answer["result"]
    assert result["start_seconds"] > result["build_seconds"] > result["warm_start_seconds"] > 0
    assert result["mask_difference"] < 1e-3
    assert len(list(tmp_path.glob("engines/*/"))) == 1
