"""malloc's options are changed by this project's programs only, never by a program that uses the library."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# Every call of mallopt is written down instead.
RECORD = """
import ctypes, sys
import numpy as np

calls = []

class Library(ctypes.CDLL):
    def mallopt(self, *arguments):
        calls.append(arguments)

ctypes.CDLL = Library
"""
PREDICT = """
from eovseg_model import EOVSegPredictor
predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["mug"], device="cpu", backend="torch")
predictor(np.zeros((96, 128, 3), np.uint8))
print(len(calls))
"""
ASK_AND_PREDICT = """
from eovseg_model.checkpoint import enable_malloc_options
enable_malloc_options()
"""
COMMAND = """
from eovseg_model.cli.main import main
options = ["--variant", "tiny", "--vocabulary", "mug", "--out", sys.argv[2], "--device", "cpu"]
status = main(["segment", sys.argv[1], *options])
assert status == 0
print(len(calls))
"""


def calls_of(program: str, *arguments: Path) -> int:
    command = [sys.executable, "-c", RECORD + program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def test_the_library_leaves_malloc_alone() -> None:
    assert calls_of(PREDICT) == 0


def test_a_program_may_ask_for_it() -> None:
    assert calls_of(ASK_AND_PREDICT + PREDICT) > 0


def test_the_command_changes_the_options_of_its_own_process(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((96, 128, 3), np.uint8)).save(tmp_path / "in.png")
    assert calls_of(COMMAND, tmp_path / "in.png", tmp_path / "out") > 0


@pytest.mark.parametrize(
    ("module", "what_comes_next"),
    [
        ("eovseg_model.benchmark.measurement", "json.loads"),
        ("eovseg_model.training.demo.train", "_parse_arguments"),
    ],
)
def test_other_programs_do_so_before_anything_else(module: str, what_comes_next: str) -> None:
    program = f"""
import importlib
from unittest import mock
from eovseg_model.checkpoint import long_lived_tensors
module = importlib.import_module({module!r})
sys.argv = ["program", "null"]
with mock.patch({module + "." + what_comes_next!r}, side_effect=KeyboardInterrupt):
    try:
        module.main()
    except KeyboardInterrupt:
        pass
with long_lived_tensors():
    print(len(calls))
"""
    assert calls_of(program) > 0
