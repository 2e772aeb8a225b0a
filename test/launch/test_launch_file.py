"""The launch file with stand-ins for launch and launch_ros, which PyPI does not have."""

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from eovseg_ros.node.parameters import NodeParameters

ROOT = Path(__file__).parents[2]
PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"


@dataclass
class Declared:
    name: str
    default_value: str
    description: str


@dataclass
class Configuration:
    name: str

    def perform(self, context: dict[str, str]) -> str:
        return context[self.name]


@dataclass(kw_only=True)
class Started:
    """What launch_ros.actions.Node takes, as far as it is used; anything else is a TypeError."""

    package: str
    executable: str
    output: str
    namespace: str = ""
    parameters: list = field(default_factory=list)
    remappings: list = field(default_factory=list)
    arguments: list = field(default_factory=list)
    additional_env: dict = field(default_factory=dict)
    condition: str = "true"


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Started]]:
    """Does what `ros2 launch` does with these arguments; the processes by the names of their programs."""
    stubs = {
        "launch": {"LaunchDescription": list},
        "launch.actions": {"DeclareLaunchArgument": Declared, "OpaqueFunction": SimpleNamespace},
        "launch.conditions": {"IfCondition": str},
        "launch.substitutions": {"LaunchConfiguration": Configuration},
        "launch_ros": {},
        "launch_ros.actions": {"Node": Started},
    }
    for name, content in stubs.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)

    def run(**arguments: str) -> dict[str, Started]:
        spec = importlib.util.spec_from_file_location("eovseg_launch", ROOT / "launch/eovseg.launch.py")
        assert spec and spec.loader
        file = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(file)
        *declared, nodes = file.generate_launch_description()
        defaults = {argument.name: argument.default_value for argument in declared}
        assert arguments.keys() <= defaults.keys()
        started = nodes.function(defaults | arguments)
        return {node.executable: node for node in started if node.condition == "true"}

    return run


def test_without_arguments_the_node_alone_starts_with_the_parameter_file(launch) -> None:
    started = launch()
    assert started.keys() == {"eovseg_node"}
    node = started["eovseg_node"]
    (file, given) = node.parameters
    assert Path(file).name == "eovseg.yaml" and Path(file).is_file()
    assert given == {}
    assert node.remappings == [
        ("image", "/camera/image_raw"),
        ("image/compressed", "/camera/image_raw/compressed"),
    ]


def test_arguments_become_parameters_that_the_node_takes(launch) -> None:
    values = {
        "variant": "s",
        "checkpoint": "/weights/s.safetensors",
        "device": "cuda:1",
        "backend": "tensorrt",
        "precision": "fp16",
        "image_transport": "compressed",
    }
    node = launch(**values, vocabulary="['mug,cup', 'floor|stuff']", overlay="False")["eovseg_node"]
    given = node.parameters[1]
    assert given == values | {"vocabulary": ["mug,cup", "floor|stuff"], "overlay": False}
    parameters = NodeParameters().replaced(given)
    assert {name: getattr(parameters, name) for name in values} == values


def test_the_camera_and_rviz_follow_the_topic_and_the_namespace(launch) -> None:
    started = launch(sim="true", rviz="true", image_topic="/left/image", namespace="/robot/")
    assert started.keys() == {"eovseg_node", "sim_camera", "rviz2"}
    assert started["eovseg_node"].namespace == "robot"
    assert started["sim_camera"].remappings == [("/camera/image_raw", "/left/image")]
    assert started["rviz2"].remappings == [
        ("/camera/image_raw", "/left/image"),
        ("/eovseg/overlay", "/robot/eovseg/overlay"),
        ("/eovseg/panoptic", "/robot/eovseg/panoptic"),
    ]
    assert launch(rviz="true")["rviz2"].remappings[1] == ("/eovseg/overlay", "/eovseg/overlay")


def test_the_shared_memory_profile_is_for_these_processes_alone(launch, monkeypatch) -> None:
    monkeypatch.delenv(PROFILE, raising=False)
    started = launch(sim="true", rviz="true")
    assert len(started) == 3
    for process in started.values():
        assert process.additional_env.keys() == {PROFILE}
        assert Path(process.additional_env[PROFILE]).is_file()
    assert PROFILE not in os.environ
    monkeypatch.setenv(PROFILE, "/my/profile.xml")
    assert launch()["eovseg_node"].additional_env == {PROFILE: "/my/profile.xml"}
