"""Adds the packages to pyproject.toml, which cannot say that `model` installs as `eovseg_model`.

Of the node, the wheel has what labels recordings without ROS: the room `bags` and what it imports.
"""

from setuptools import find_packages, setup

ROOMS = ("bags", "messages", "processes", "node", "node.space")  # of eovseg_ros
WITH_FOLDERS = ("bags", "messages")
FOLDERS = [f"{room}.{name}" for room in WITH_FOLDERS for name in find_packages(f"eovseg_ros/{room}")]

setup(
    packages=[
        *("eovseg_model", *(f"eovseg_model.{name}" for name in find_packages("model"))),
        *("eovseg_ros", *(f"eovseg_ros.{name}" for name in (*ROOMS, *FOLDERS))),
        "eovseg_ros.bags.definitions",
    ],
    package_dir={"eovseg_model": "model", "eovseg_ros.bags.definitions": "msg"},
)
