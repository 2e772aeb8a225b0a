"""rerun-sdk is a large, optional package: the tests, in CI too, use a stand-in that writes down calls.

test_real_rerun.py uses the package itself, where it is installed.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

STAND_IN = str(Path(__file__).parent / "stand_in")


@pytest.fixture
def stand_in(monkeypatch):
    """The stand-in in this process and in programs that it starts."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "rerun"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([STAND_IN, os.environ.get("PYTHONPATH", "")]))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "rerun"]:
        del sys.modules[name]


@pytest.fixture
def real_rerun():
    """Skips where rerun-sdk is not installed."""
    if find_spec("rerun") is None:
        pytest.skip("rerun-sdk is not installed")
