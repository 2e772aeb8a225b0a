"""What a command of `eovseg-ros` runs with."""

import argparse
from typing import NamedTuple

from rclpy.node import Node

from eovseg_ros.clients import NodeClient


class Command(NamedTuple):
    """A command's node in the ROS graph, the client of the node that it is about, and its arguments."""

    node: Node
    client: NodeClient
    options: argparse.Namespace
