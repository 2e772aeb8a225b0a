"""The benchmark's clock, files and complaints; no test of a time."""

import json
import time

import pytest

from eovseg_model.benchmark.case import BenchmarkCase
from eovseg_model.benchmark.runner import BenchmarkError, run_case
from eovseg_model.benchmark.stage_clock import StageClock
from eovseg_model.cli.main import main

SMALL = ["benchmark", "--variant", "tiny", "--size", "64x96", "--repeats", "1"]


def test_a_stage_inside_another_is_taken_out_of_it():
    clock = StageClock()
    with clock.stage("outer"):
        with clock.stage("inner"):
            time.sleep(0.05)
    assert clock.seconds["inner"] >= 0.05 > clock.seconds["outer"]


@pytest.mark.slow  # gpu-check measures in the same way in its quick check
def test_every_case_is_measured_and_written(tmp_path, capsys):
    figures, picture = tmp_path / "figures.json", tmp_path / "picture.svg"
    files = ["--json", str(figures), "--plot", str(picture)]
    assert main([*SMALL, "--vocabulary-size", "3", "--backend", "reference", "torch", *files]) == 0
    plain, torch = json.loads(figures.read_text())["results"]
    assert (plain["backend"], torch["backend"]) == ("reference", "torch")
    for result in (plain, torch):
        assert result["size"] == [64, 96] and result["vocabulary_size"] == 3
        assert result["total_over_trunk"] > 1 and result["agreement"] > 0.99
        assert len(result["stage_over_trunk"]) == 8
        assert result["peak_memory_bytes"] > result["memory_before_bytes"] > 0
    assert picture.read_text().count("<text") == 1 + 8 + 2 * 2
    printed = capsys.readouterr()
    assert "tiny, 64x96, 3 classes, batch 1, torch fp32 on cpu" in printed.out
    for progress in ("warm-up 2 of 2", "frame 1 of 1", "memory: frame 3 of 3", "100%"):
        assert progress in printed.err


def test_the_reason_of_a_failed_measurement_is_its_last_line():
    case = BenchmarkCase(variant="tiny", size=(64, 96), vocabulary_size=3, backend="torch", device="cuda:77")
    told: list[str] = []
    with pytest.raises(BenchmarkError) as failure:
        run_case(case, 1, told.append)
    assert told == ["generating random weights"]
    assert "step:" not in str(failure.value) and str(failure.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--backend", "torch", "abacus"], "unknown backend 'abacus'; choose from: auto, torch,"),
        (["--precision", "int3"], "not support precision 'int3'; choose from: fp32"),
        (["--backend", "tensorrt"], "needs an NVIDIA GPU"),
        (["--size", "100x100"], "multiples of 32"),
        (["--threads", "0"], "at least 1"),
        (["--plot", "picture.png"], "must end in .svg"),
    ],
)
def test_what_cannot_be_measured_is_refused(arguments, words, capsys):
    assert main([*SMALL, *arguments]) == 2
    assert words in capsys.readouterr().err
