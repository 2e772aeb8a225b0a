"""A separate ROS domain, for commands that start their own nodes."""

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory


def use_own_graph() -> int:
    """Set a domain, limited to this machine, and shared memory, unless they are set; return the domain."""
    environment = os.environ
    environment.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    profile = Path(get_package_share_directory("eovseg_ros"), "config", "fastdds.xml")
    environment.setdefault("FASTRTPS_DEFAULT_PROFILES_FILE", str(profile))
    # The camera and subscribers also need a core.
    environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // 2)))
    return int(environment["ROS_DOMAIN_ID"])
