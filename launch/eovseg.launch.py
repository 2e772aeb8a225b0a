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
    "image_topic": (
        "/camera/image_raw",
        "the camera's images; compressed images on IMAGE_TOPIC/compressed; "
        "of several cameras for example /{camera}/image_raw, which is their default",
    ),
    "depth_topic": ("", "depth registered to the images; empty: no depth"),
    "camera_info_topic": (
        "",
        "calibration of the images, used with depth; empty: camera_info beside the images",
    ),
    "cameras": ("", "names of several cameras: \"['front', 'rear']\""),
    "params_file": (str(CONFIG / "eovseg.yaml"), "parameters; the arguments below take precedence"),
    "vocabulary": ("", "classes, as for `ros2 param set`: \"['mug,cup', 'floor|stuff']\""),
    "variant": ("", "tiny, s, m or l"),
    "checkpoint": ("", "path of the weights"),
    "device": ("", "auto, cpu, cuda, ..."),
    "backend": ("", "auto, torch, openvino, tensorrt, ..."),
    "precision": ("", "fp32, bf16, int8 or fp16"),
    "image_transport": ("", "raw or compressed"),
    "target_frame": ("", "frame of positions and points, for example base_link; empty: the camera's"),
    "overlay": ("", "offer ~/overlay: true or false"),
    "use_sim_time": ("", "use the time of /clock: true or false"),
    "name": ("eovseg", "name of the node"),
    "namespace": ("", "namespace of the node"),
    "log_level": ("info", "log level of the node: debug, info, warn, error or fatal"),
    "sim": ("false", "start the simulated camera: true or false"),
    "rviz": ("false", "start RViz: true or false"),
}
SIM_TOPICS = {"image": "/camera/image_raw", "depth": "/camera/depth", "camera_info": "/camera/camera_info"}
VIEWS = ("overlay", "panoptic", "points", "markers")
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
LEVELS = ("debug", "info", "warn", "error", "fatal")
TOKEN = r"[A-Za-z_]\w*"


def nodes(context):
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    given = checked(value)  # before any process starts
    name, namespace = value["name"], value["namespace"].strip("/")
    full_name = f"/{namespace}/{name}".replace("//", "/")
    cameras = given.get("cameras", [""])
    topics = {camera: camera_topics(value, camera) for camera in cameras}
    of_first = topics[cameras[0]]
    image = of_first["image"]
    first = f"{full_name}/{cameras[0]}".rstrip("/")  # the camera that RViz shows
    views = [(f"/eovseg/{view}", f"{first}/{view}") for view in VIEWS]
    remappings = [
        (f"{camera}/{topic}".lstrip("/"), to) for camera in cameras for topic, to in topics[camera].items()
    ]
    clock = {key: given[key] for key in ("use_sim_time",) if key in given}
    actions = [LogInfo(msg=line) for line in unknown_arguments(context.launch_configurations)]
    actions.append(
        Node(package="eovseg_ros", executable="eovseg_node", name=name, namespace=namespace, output="screen",
             additional_env=ENVIRONMENT, remappings=remappings,
             parameters=[value["params_file"], given], ros_arguments=["--log-level", value["log_level"]])
    )  # fmt: skip
    if boolean(value, "sim"):
        actions.append(
            Node(package="eovseg_ros", executable="sim_camera", output="screen", additional_env=ENVIRONMENT,
                 remappings=[(SIM_TOPICS[topic], to) for topic, to in of_first.items()])
        )  # fmt: skip
    if boolean(value, "rviz"):
        actions.append(
            Node(package="rviz2", executable="rviz2", arguments=["-d", str(CONFIG / "eovseg.rviz")],
                 output="log", additional_env=ENVIRONMENT, parameters=[clock],
                 remappings=[("/camera/image_raw", image), *views])
        )  # fmt: skip
    return actions


def camera_topics(value, camera):
    """Return the topics to which the inputs of a camera are remapped."""
    topics = {"image": value["image_topic"]}
    if value["depth_topic"]:
        folder, slash, _ = value["image_topic"].rpartition("/")
        beside = f"{folder}{slash}camera_info"
        topics |= {"depth": value["depth_topic"], "camera_info": value["camera_info_topic"] or beside}
    return {name: topic.replace("{camera}", camera) for name, topic in topics.items()}


def unknown_arguments(names):
    """Yield warnings; names that are not similar may belong to a launch file that includes this one."""
    for name in names:
        similar = difflib.get_close_matches(name, ARGUMENTS, 1, 0.8)
        if name not in ARGUMENTS and (similar or name in PARAMETERS):
            hint = f"did you mean '{similar[0]}'?" if similar else "put it into a params_file"
            yield f"warning: '{name}' is not a launch argument of eovseg and has no effect: {hint}"


def checked(value):
    """Return the node's parameters. Raises RuntimeError, with one line, for the first invalid argument."""
    given = {}
    if value["cameras"]:
        given["cameras"] = strings(value, "cameras", "write for example \"['front', 'rear']\"")
        if value["image_topic"] == ARGUMENTS["image_topic"][0]:
            value["image_topic"] = "/{camera}/image_raw"
    for name in ("image_topic", "depth_topic", "camera_info_topic"):
        if value[name] or name == "image_topic":
            check_topic(value, name)
    expect(value, "name", TOKEN, "the name of a node: letters, digits and _, and no digit first")
    expect(value, "namespace", rf"(/?{TOKEN}(/{TOKEN})*)?/?", "a namespace, for example robot or /robot/left")
    expect(value, "log_level", "|".join(LEVELS), f"one of {', '.join(LEVELS)}")
    for name in ("sim", "rviz"):
        boolean(value, name)
    words = ("variant", "checkpoint", "device", "backend", "precision", "image_transport", "target_frame")
    given |= {name: value[name] for name in words if value[name]}
    if value["depth_topic"]:
        given["use_depth"] = True
    given |= {name: boolean(value, name) for name in ("overlay", "use_sim_time") if value[name]}
    if value["vocabulary"]:
        hint = "quote words with @, as in \"['@coco_panoptic', 'floor|stuff']\", or write set=coco_panoptic"
        given["vocabulary"] = strings(value, "vocabulary", hint)
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


def check_topic(value, name):
    """Check the name of a topic, which contains {camera} if there are several cameras."""
    expect(
        value,
        name,
        rf"(~/|/)?({TOKEN}|{{camera}})+(/({TOKEN}|{{camera}})+)*",
        "the name of a topic, for example /camera/image_raw",
    )
    several = bool(value["cameras"])
    if several != ("{camera}" in value[name]):
        word = "must" if several else "must not"
        raise RuntimeError(
            f"launch argument '{name}' {word} contain {{camera}}, which stands for the name of each of the "
            f"'cameras', got '{value[name]}'"
        )


def strings(value, name, hint):
    """Return a list of strings, given as for `ros2 param set`; errors end with the hint."""
    text = value[name]
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(getattr(error, "problem", error)).split())
        raise RuntimeError(
            f"launch argument '{name}' is not valid YAML: {reason} in {text}; {hint}"
        ) from None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, str) for entry in entries):
        raise RuntimeError(f"launch argument '{name}' must be a list of strings, got {text}; {hint}")
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
