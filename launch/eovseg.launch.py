"""Start the node, and optionally a simulated camera (sim:=true) and RViz (rviz:=true)."""

import difflib
import logging
import os
import re
from pathlib import Path

import yaml
from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

CONFIG = Path(get_package_share_directory("eovseg_ros"), "config")
PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"  # Fast DDS: large images through shared memory
ENVIRONMENT = {PROFILE: os.environ.get(PROFILE, str(CONFIG / "fastdds.xml"))}  # of these nodes only
PARAMETERS = yaml.safe_load((CONFIG / "eovseg.yaml").read_text())["/**"]["ros__parameters"]
ARGUMENTS = {
    "image_topic": ("/camera/image_raw", "the camera's images; compressed images on IMAGE_TOPIC/compressed"),
    "params_file": (str(CONFIG / "eovseg.yaml"), "parameters; the arguments below take precedence"),
    "vocabulary": ("", "classes, as for `ros2 param set`: \"['mug,cup', 'floor|stuff']\""),
    "variant": ("", "tiny, s, m or l"),
    "checkpoint": ("", "path of the weights"),
    "device": ("", "auto, cpu, cuda, ..."),
    "backend": ("", "auto, torch, openvino, tensorrt, ..."),
    "precision": ("", "fp32, bf16, int8 or fp16"),
    "image_transport": ("", "raw or compressed"),
    "overlay": ("", "offer ~/overlay: true or false"),
    "use_sim_time": ("", "use the time of /clock: true or false"),
    "name": ("eovseg", "name of the node"),
    "namespace": ("", "namespace of the node"),
    "log_level": ("info", "log level of the node: debug, info, warn, error or fatal"),
    "sim": ("false", "start the simulated camera: true or false"),
    "rviz": ("false", "start RViz: true or false"),
}
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
LEVELS = ("debug", "info", "warn", "error", "fatal")
TOKEN = r"[A-Za-z_]\w*"


def nodes(context):
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    given = checked(value)  # before any process starts
    image, name, namespace = value["image_topic"], value["name"], value["namespace"].strip("/")
    full_name = f"/{namespace}/{name}".replace("//", "/")
    views = [(f"/eovseg/{view}", f"{full_name}/{view}") for view in ("overlay", "panoptic")]
    clock = {key: given[key] for key in ("use_sim_time",) if key in given}
    actions = [LogInfo(msg=line) for line in unknown_arguments(context.launch_configurations)]
    actions.append(
        Node(package="eovseg_ros", executable="eovseg_node", name=name, namespace=namespace, output="screen",
             additional_env=ENVIRONMENT, remappings=[("image", image)],
             parameters=[value["params_file"], given], ros_arguments=["--log-level", value["log_level"]])
    )  # fmt: skip
    if boolean(value, "sim"):
        actions.append(
            Node(package="eovseg_ros", executable="sim_camera", output="screen", additional_env=ENVIRONMENT,
                 remappings=[("/camera/image_raw", image)])
        )  # fmt: skip
    if boolean(value, "rviz"):
        actions.append(
            Node(package="rviz2", executable="rviz2", arguments=["-d", str(CONFIG / "eovseg.rviz")],
                 output="log", additional_env=ENVIRONMENT, parameters=[clock],
                 remappings=[("/camera/image_raw", image), *views])
        )  # fmt: skip
    return actions


def unknown_arguments(names):
    """Yield warnings; names that are not similar may belong to a launch file that includes this one."""
    for name in names:
        similar = difflib.get_close_matches(name, ARGUMENTS, 1, 0.8)
        if name not in ARGUMENTS and (similar or name in PARAMETERS):
            hint = f"did you mean '{similar[0]}'?" if similar else "put it into a params_file"
            yield f"warning: '{name}' is not a launch argument of eovseg and has no effect: {hint}"


def checked(value):
    """Return the node's parameters. Raises RuntimeError, with one line, for the first invalid argument."""
    expect(
        value,
        "image_topic",
        rf"(~/|/)?{TOKEN}(/{TOKEN})*",
        "the name of a topic, for example /camera/image_raw",
    )
    expect(value, "name", TOKEN, "the name of a node: letters, digits and _, and no digit first")
    expect(value, "namespace", rf"(/?{TOKEN}(/{TOKEN})*)?/?", "a namespace, for example robot or /robot/left")
    expect(value, "log_level", "|".join(LEVELS), f"one of {', '.join(LEVELS)}")
    for name in ("sim", "rviz"):
        boolean(value, name)
    words = ("variant", "checkpoint", "device", "backend", "precision", "image_transport")
    given = {name: value[name] for name in words if value[name]}
    given |= {name: boolean(value, name) for name in ("overlay", "use_sim_time") if value[name]}
    if value["vocabulary"]:
        given["vocabulary"] = vocabulary(value["vocabulary"])
    if not Path(value["params_file"]).is_file():
        raise RuntimeError(f"launch argument 'params_file': no such file: {value['params_file']}")
    check_by_the_nodes_rules(value, given)
    return given


def expect(value, name, pattern, what):
    if not re.fullmatch(pattern, value[name], re.ASCII | (re.IGNORECASE if name == "log_level" else 0)):
        raise RuntimeError(f"launch argument '{name}' must be {what}, got '{value[name]}'")


def boolean(value, name):
    word = value[name].strip().lower()
    if word not in TRUE + FALSE:
        raise RuntimeError(f"launch argument '{name}' must be true or false, got '{value[name]}'")
    return word in TRUE


def vocabulary(text):
    """Return the entries; errors tell how to quote words with @."""
    hint = "quote words with @, as in \"['@coco_panoptic', 'floor|stuff']\", or write set=coco_panoptic"
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(getattr(error, "problem", error)).split())
        raise RuntimeError(
            f"launch argument 'vocabulary' is not valid YAML: {reason} in {text}; {hint}"
        ) from None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, str) for entry in entries):
        raise RuntimeError(f"launch argument 'vocabulary' must be a list of strings, got {text}; {hint}")
    return entries


def check_by_the_nodes_rules(value, given):
    """Check what the node itself would refuse only after its start."""
    try:
        from eovseg_ros.node.parameters import NodeParameters
        from eovseg_ros.node.startup.start_values import start_values
        from eovseg_ros.processes import check_ros_arguments
    except ImportError:
        return  # this Python lacks packages of the node's own Python
    log = logging.getLogger("eovseg_model")
    level = log.level
    log.setLevel(logging.ERROR)  # the node itself logs the warnings
    namespace = "/" + value["namespace"].strip("/")
    remappings = ["-r", f"__node:={value['name']}", "-r", f"__ns:={namespace}"]
    words = ["--ros-args", *remappings, "--params-file", value["params_file"]]
    try:
        check_ros_arguments(words)
        NodeParameters().replaced(start_values(words) | given)
    except ValueError as error:
        raise RuntimeError(f"launch arguments refused: {error}") from None
    finally:
        log.setLevel(level)


def generate_launch_description():
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, (d, t) in ARGUMENTS.items()]
    return LaunchDescription([*declared, OpaqueFunction(function=nodes)])
