"""A ROS graph of this test session's own, on this machine only."""

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["EOVSEG_CACHE"] = tempfile.mkdtemp(prefix="eovseg_tests_")  # never the user's
atexit.register(shutil.rmtree, os.environ["EOVSEG_CACHE"], ignore_errors=True)
# The programs that the tests start may lie beside them.
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])


@pytest.fixture
def graph():
    """A node of the test's own that spins in the background."""
    from graph import Graph

    with Graph() as graph:
        yield graph


@pytest.fixture
def start(tmp_path):
    """Start a program by its module; it gets Ctrl-C at the end of the test."""
    from eovseg_ros.processes.child_process import ChildProcess

    with contextlib.ExitStack() as stack:

        def start_module(module, **settings):
            log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}.log"
            return stack.enter_context(ChildProcess(module, log, **settings))

        yield start_module


@pytest.fixture
def start_fake(start):
    """Start the node with the stand-in model and wait until it listens."""

    def start_fake_node(**parameters):
        node = start("fake_node", parameters={"vocabulary": ["cup", "ball", "floor|stuff"]} | parameters)
        node.wait_for_log("segmenting /image", 20)
        return node

    return start_fake_node
