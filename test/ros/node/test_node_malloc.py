"""The node changes malloc's options before it loads the model: the process is its own."""

import subprocess
import sys

PROGRAM = """
import ctypes

calls = []

class Library(ctypes.CDLL):
    def mallopt(self, *arguments):
        calls.append(arguments)

ctypes.CDLL = Library
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import load_predictor

load_predictor(NodeParameters(device="cpu"))
print(len(calls))
"""


def test_the_node_changes_malloc_options() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
