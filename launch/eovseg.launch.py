"""The node on a camera topic, with a simulated camera (sim:=true) and RViz (rviz:=true) if wanted."""

import os
from pathlib import Path

import yaml
from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

CONFIG = Path(get_package_share_directory("eovseg_ros"), "config")
PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"  # of Fast DDS: large images through shared memory
ENVIRONMENT = {PROFILE: os.environ.get(PROFILE, str(CONFIG / "fastdds.xml"))}  # of these nodes alone
ARGUMENTS = {
    "image_topic": ("/camera/image_raw", "the camera's images; compressed ones below it"),
    "params_file": (str(CONFIG / "eovseg.yaml"), "parameters; the arguments below go before it"),
    "vocabulary": ("", "as for `ros2 param set`: \"['mug,cup', 'floor|stuff']\""),
    "variant": ("", "tiny, s, m or l"),
    "checkpoint": ("", "path of the weights"),
    "device": ("", "auto, cpu, cuda, ..."),
    "backend": ("", "auto, torch, openvino, tensorrt, ..."),
    "precision": ("", "fp32, bf16, int8 or fp16"),
    "image_transport": ("", "raw or compressed"),
    "overlay": ("", "true or false"),
    "namespace": ("", "of the node"),
    "sim": ("false", "start the simulated camera"),
    "rviz": ("false", "start RViz"),
}


def nodes(context):
    value = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    words = ("variant", "checkpoint", "device", "backend", "precision", "image_transport")
    given = {name: value[name] for name in words if value[name]}
    given |= {name: yaml.safe_load(value[name]) for name in ("vocabulary", "overlay") if value[name]}
    image, namespace = value["image_topic"], value["namespace"].strip("/")
    views = [(f"/eovseg/{v}", f"/{namespace}/eovseg/{v}".replace("//", "/")) for v in ("overlay", "panoptic")]
    return [
        Node(package="eovseg_ros", executable="eovseg_node", namespace=namespace, output="screen",
             additional_env=ENVIRONMENT, parameters=[value["params_file"], given],
             remappings=[("image", image), ("image/compressed", f"{image}/compressed")]),
        Node(package="eovseg_ros", executable="sim_camera", output="screen", additional_env=ENVIRONMENT,
             remappings=[("/camera/image_raw", image)], condition=IfCondition(value["sim"])),
        Node(package="rviz2", executable="rviz2", arguments=["-d", str(CONFIG / "eovseg.rviz")], output="log",
             additional_env=ENVIRONMENT, remappings=[("/camera/image_raw", image), *views],
             condition=IfCondition(value["rviz"])),
    ]  # fmt: skip


def generate_launch_description():
    declared = [DeclareLaunchArgument(n, default_value=d, description=t) for n, (d, t) in ARGUMENTS.items()]
    return LaunchDescription([*declared, OpaqueFunction(function=nodes)])
