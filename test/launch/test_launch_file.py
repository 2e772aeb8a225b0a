"""The launch file with stand-ins for launch and launch_ros, which PyPI does not have."""

import importlib.util
import logging
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

    def perform(self, context: SimpleNamespace) -> str:
        return context.launch_configurations[self.name]


@dataclass(kw_only=True)
class Started:
    """What launch_ros.actions.Node takes, as far as it is used; anything else is a TypeError."""

    package: str
    executable: str
    output: str
    name: str = ""
    namespace: str = ""
    parameters: list = field(default_factory=list)
    remappings: list = field(default_factory=list)
    arguments: list = field(default_factory=list)
    ros_arguments: list = field(default_factory=list)
    additional_env: dict = field(default_factory=dict)


@dataclass
class Logged:
    msg: str


@pytest.fixture
def messages() -> list[str]:
    """What the launch file logs."""
    return []


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch, messages: list[str]) -> Callable[..., dict[str, Started]]:
    """Does what `ros2 launch` does with these arguments; the processes by the names of their programs."""
    stubs = {
        "launch": {"LaunchDescription": list},
        "launch.actions": {
            "DeclareLaunchArgument": Declared,
            "LogInfo": Logged,
            "OpaqueFunction": SimpleNamespace,
        },
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
        actions = nodes.function(SimpleNamespace(launch_configurations=defaults | arguments))
        messages.extend(action.msg for action in actions if isinstance(action, Logged))
        return {action.executable: action for action in actions if isinstance(action, Started)}

    return run


def test_without_arguments_the_node_alone_starts_with_the_parameter_file(launch) -> None:
    started = launch()
    assert started.keys() == {"eovseg_node"}
    node = started["eovseg_node"]
    (file, given) = node.parameters
    assert Path(file).name == "eovseg.yaml" and Path(file).is_file()
    assert given == {}
    assert logging.getLogger("eovseg_model").level == logging.NOTSET  # of the process that launches
    assert node.remappings == [("image", "/camera/image_raw")]  # compressed ones are looked for below it
    assert (node.name, node.namespace) == ("eovseg", "")
    assert node.ros_arguments == ["--log-level", "info"]


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
        ("/eovseg/points", "/robot/eovseg/points"),
        ("/eovseg/markers", "/robot/eovseg/markers"),
    ]
    assert launch(rviz="true")["rviz2"].remappings[1] == ("/eovseg/overlay", "/eovseg/overlay")


def test_a_depth_topic_turns_depth_on_with_the_calibration_beside_the_images(launch) -> None:
    started = launch(
        sim="true", image_topic="/left/color/image_raw", depth_topic="/left/depth", target_frame="map"
    )
    node = started["eovseg_node"]
    assert node.parameters[1] == {"target_frame": "map", "use_depth": True}
    assert node.remappings == [
        ("image", "/left/color/image_raw"),
        ("depth", "/left/depth"),
        ("camera_info", "/left/color/camera_info"),
    ]
    assert started["sim_camera"].remappings == [
        ("/camera/image_raw", "/left/color/image_raw"),
        ("/camera/depth", "/left/depth"),
        ("/camera/camera_info", "/left/color/camera_info"),
    ]
    node = launch(depth_topic="depth", camera_info_topic="/info")["eovseg_node"]
    assert node.remappings[2] == ("camera_info", "/info")
    assert launch(image_topic="image", depth_topic="depth")["eovseg_node"].remappings[2] == (
        "camera_info",
        "camera_info",
    )


def test_several_cameras_have_topics_with_their_names(launch) -> None:
    started = launch(cameras="['front', 'rear']", rviz="true")
    node = started["eovseg_node"]
    assert node.parameters[1] == {"cameras": ["front", "rear"]}
    assert node.remappings == [("front/image", "/front/image_raw"), ("rear/image", "/rear/image_raw")]
    assert started["rviz2"].remappings[:2] == [
        ("/camera/image_raw", "/front/image_raw"),
        ("/eovseg/overlay", "/eovseg/front/overlay"),
    ]
    node = launch(cameras="[a, b]", image_topic="/cam_{camera}/image", depth_topic="/cam_{camera}/depth")[
        "eovseg_node"
    ]
    assert node.remappings == [
        ("a/image", "/cam_a/image"),
        ("a/depth", "/cam_a/depth"),
        ("a/camera_info", "/cam_a/camera_info"),
        ("b/image", "/cam_b/image"),
        ("b/depth", "/cam_b/depth"),
        ("b/camera_info", "/cam_b/camera_info"),
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"cameras": "['front']", "image_topic": "/image"}, "'image_topic' must contain {camera}"),
        ({"cameras": "['front']", "depth_topic": "/depth"}, "'depth_topic' must contain {camera}"),
        ({"image_topic": "/{camera}/image"}, "'image_topic' must not contain {camera}"),
        ({"cameras": "front"}, "launch argument 'cameras' must be a list of strings, got front; write for"),
        ({"cameras": "['front', 'front']"}, "'cameras' has 'front' twice"),
        ({"cameras": "['front camera']"}, "'cameras' has 'front camera', which cannot be part of a topic"),
        ({"cameras": "['status']"}, "'cameras' has 'status', which is a topic or service of the node"),
        ({"depth_topic": "/my depth"}, "launch argument 'depth_topic' must be the name of a topic"),
    ],
)
def test_wrong_cameras_and_their_topics_are_refused(launch, arguments, reason) -> None:
    with pytest.raises(RuntimeError, match=reason) as caught:
        launch(**arguments)
    assert "\n" not in str(caught.value)


def test_name_log_level_and_time_are_the_nodes(launch) -> None:
    started = launch(rviz="true", name="front", namespace="robot", log_level="DEBUG", use_sim_time="yes")
    node, rviz = started["eovseg_node"], started["rviz2"]
    assert (node.name, node.namespace) == ("front", "robot")
    assert node.ros_arguments == ["--log-level", "DEBUG"]
    assert node.parameters[1] == {"use_sim_time": True} == rviz.parameters[0]
    assert ("/eovseg/overlay", "/robot/front/overlay") in rviz.remappings


@pytest.mark.parametrize("word", ["true", "True", "YES", "on", "1"])
def test_words_for_yes(launch, word) -> None:
    started = launch(sim=word, rviz=word, overlay=word, use_sim_time=word)
    assert started.keys() == {"eovseg_node", "sim_camera", "rviz2"}
    assert started["eovseg_node"].parameters[1] == {"overlay": True, "use_sim_time": True}


@pytest.mark.parametrize("word", ["false", "FALSE", "No", "off", "0"])
def test_words_for_no(launch, word) -> None:
    started = launch(sim=word, rviz=word, overlay=word, use_sim_time=word)
    assert started.keys() == {"eovseg_node"}
    assert started["eovseg_node"].parameters[1] == {"overlay": False, "use_sim_time": False}


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("sim", "maybe", "launch argument 'sim' must be true or false, got 'maybe'"),
        ("rviz", "2", "launch argument 'rviz' must be true or false"),
        ("rviz", "", "launch argument 'rviz' must be true or false"),
        ("overlay", "flase", "launch argument 'overlay' must be true or false"),
        ("use_sim_time", "[true]", "launch argument 'use_sim_time' must be true or false"),
        ("name", "front-camera", "launch argument 'name' must be the name of a node"),
        ("name", "", "launch argument 'name' must be the name of a node"),
        ("namespace", "/2nd", "launch argument 'namespace' must be a namespace"),
        ("namespace", "a//b", "launch argument 'namespace' must be a namespace"),
        ("image_topic", "/camera image", "launch argument 'image_topic' must be the name of a topic"),
        ("image_topic", "/camera/", "launch argument 'image_topic' must be the name of a topic"),
        ("image_topic", "", "launch argument 'image_topic' must be the name of a topic"),
        ("log_level", "loud", "launch argument 'log_level' must be one of debug, info, warn, error, fatal"),
        ("params_file", "/no/such.yaml", "launch argument 'params_file': no such file: /no/such.yaml"),
        ("params_file", "/", "launch argument 'params_file': no such file: /"),
        ("vocabulary", "[@lvis]", "launch argument 'vocabulary' is not valid YAML: .* quote words with @"),
        ("vocabulary", "mug", "launch argument 'vocabulary' must be a list of strings, got mug"),
        ("vocabulary", "[mug, 1]", "launch argument 'vocabulary' must be a list of strings"),
        ("vocabulary", "[]", "launch argument 'vocabulary' must be a list of strings"),
        ("vocabulary", "['@nothing']", "unknown vocabulary @nothing"),
        ("vocabulary", "['mug,@lvis']", "'@lvis' stands for a whole set"),
        ("variant", "xl", "launch arguments refused: 'variant' must be one of tiny, s, m, l, got 'xl'"),
        ("backend", "cuda", "launch arguments refused: 'backend' must be one of auto, torch"),
        ("precision", "fp8", "launch arguments refused: 'precision' must be one of fp32"),
        ("image_transport", "theora", "launch arguments refused: 'image_transport' must be one of raw"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_line_before_anything_starts(launch, name, value, reason) -> None:
    with pytest.raises(RuntimeError, match=reason) as caught:
        launch(**{"sim": "true", name: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/**:\n  ros__parameters:\n    vocabulary: [@lvis]\n", "line 3: YAML needs quotes"),
        ("threads: 1\n", "the form is /\\*\\*: {ros__parameters: {name: value}}"),
        ("/**:\n  ros__parameters:\n    threads: two\n", "'threads' must be a whole number, got 'two'"),
        ("/robot/front:\n  ros__parameters:\n    overlay: maybe\n", "'overlay' must be true or false"),
    ],
)
def test_a_wrong_parameter_file_is_refused_before_anything_starts(launch, tmp_path, text, reason) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(text)
    with pytest.raises(RuntimeError, match=f"{path}.*{reason}|{reason}.*{path}") as caught:
        launch(params_file=str(path), name="front", namespace="robot")
    assert "\n" not in str(caught.value)


def test_a_python_without_the_nodes_packages_leaves_the_rest_to_the_node(launch, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "eovseg_ros.node.parameters", None)
    assert launch(variant="xl")["eovseg_node"].parameters[1] == {"variant": "xl"}
    with pytest.raises(RuntimeError, match="launch argument 'sim'"):
        launch(sim="maybe")


def test_names_that_launch_would_pass_over_are_told(launch, messages) -> None:
    launch(vaiant="s", threads="2", of_another_launch_file="1")
    assert messages == [
        "warning: 'vaiant' is not a launch argument of eovseg and has no effect: did you mean 'variant'?",
        "warning: 'threads' is not a launch argument of eovseg and has no effect: put it into a params_file",
    ]


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
