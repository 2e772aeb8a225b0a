"""The node with the stand-in model, listening to signals from its first line on as the real program does."""

import sys

from eovseg_ros.processes import run_program


def main():
    run_program(_run)


def _run(ending):
    from fake_node import FakePredictor

    from eovseg_ros.node.run_node import run_node

    return run_node(ending, sys.argv[1:], lambda parameters: FakePredictor())
