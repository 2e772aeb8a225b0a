"""A ROS graph apart from others, for commands that start nodes of their own."""

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory


def use_own_graph() -> int:
    """Choose a domain, this machine only and shared memory, unless the user has; returns the domain."""
    environment = os.environ
    environment.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    profile = Path(get_package_share_directory("eovseg_ros"), "config", "fastdds.xml")
    environment.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(profile))
    # The camera and whoever watches need a core, too.
    environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))
    return int(environment["ROS_DOMAIN_ID"])
