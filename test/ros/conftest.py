"""A ROS graph of this test session's own, on this machine only."""

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import pytest


def claim_domain():
    """A ROS domain that no other session of these tests has, and the lock that says so to them."""
    for i in range(100):
        domain = 1 + (os.getpid() + i) % 100
        with contextlib.suppress(OSError):  # another session has it, or another user
            lock = Path(tempfile.gettempdir(), f"eovseg_tests_domain_{domain}").open("a")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return domain, lock
    raise RuntimeError("all ROS domains are in use by other sessions of the tests")


DOMAIN, LOCK = claim_domain()
os.environ["ROS_DOMAIN_ID"] = str(DOMAIN)
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
