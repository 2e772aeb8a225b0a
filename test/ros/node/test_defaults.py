"""Device, backend and precision have one default: in the library, in `eovseg` and in the node."""

import inspect

import pytest
import yaml
from test_parameters import CONFIG

from eovseg_model import EOVSegPredictor
from eovseg_model.backends.names import DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION
from eovseg_model.cli.main import build_parser
from eovseg_ros.benchmarks.latency import build_parser as build_latency_parser
from eovseg_ros.node.parameters import NodeParameters

DEFAULTS = {"device": "auto", "backend": "auto", "precision": "fp32"}


def of_library():
    return {n: p.default for n, p in inspect.signature(EOVSegPredictor.from_checkpoint).parameters.items()}


def of_command(*words):
    """What the parser gives; a list where the command takes several."""
    values = vars(build_parser().parse_args(words))
    return {name: v[0] if isinstance(v, list) and len(v) == 1 else v for name, v in values.items()}


SOURCES = {
    "library": of_library,
    "segment": lambda: of_command("segment", "photos", "--vocabulary", "mug", "--out", "out"),
    "evaluate": lambda: of_command("evaluate", "--dataset", "ade20k", "--data", "folder"),
    "eovseg benchmark": lambda: of_command("benchmark"),
    "node": lambda: vars(NodeParameters()),
    "parameter file": lambda: yaml.safe_load(CONFIG.read_text())["/**"]["ros__parameters"],
    "latency benchmark": lambda: vars(build_latency_parser().parse_args([])),
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_defaults_are_the_same_everywhere(source):
    values = SOURCES[source]()
    assert {name: values[name] for name in DEFAULTS} == DEFAULTS
    assert list(DEFAULTS.values()) == [DEFAULT_DEVICE, DEFAULT_BACKEND, DEFAULT_PRECISION]
