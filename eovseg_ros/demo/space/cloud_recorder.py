"""Records a labelled cloud when asked, and draws it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image as Picture
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import PointCloud2

from eovseg_ros.demo.space.cloud_views import draw_views
from eovseg_ros.demo.stamp_join import Stamp, stamp_of
from eovseg_ros.messages import read_points
from eovseg_ros.msg import PanopticSegmentation


class _Cloud(NamedTuple):
    name: str
    message: PointCloud2
    segments: PanopticSegmentation


class CloudRecorder:
    """Subscribes to ~/points only until it has the cloud that was asked for: a cloud is large."""

    def __init__(self, node: Node, folder: Path) -> None:
        self._node = node
        self._folder = folder
        self._subscription: Subscription | None = None
        self._newest: PointCloud2 | None = None
        self._clouds: list[_Cloud] = []

    @property
    def newest(self) -> Stamp | None:
        """Stamp of the newest cloud since `ask`."""
        return stamp_of(self._newest) if self._newest else None

    def ask(self) -> None:
        """Subscribe, unless it is done already."""
        if self._subscription is None:
            self._newest = None
            self._subscription = self._node.create_subscription(PointCloud2, "/eovseg/points", self._take, 1)

    def keep(self, name: str, segments: PanopticSegmentation) -> None:
        """Keep the newest cloud, with the segments of its frame, and unsubscribe."""
        assert self._newest
        self._clouds.append(_Cloud(name, self._newest, segments))
        self.stop()

    def stop(self) -> None:
        """Unsubscribe."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def draw(self) -> list[Path]:
        """Write a PNG file of each cloud, seen from beside and from above; return their paths."""
        paths = []
        for cloud in self._clouds:
            points = read_points(cloud.message)
            coordinates = np.stack([points["x"], points["y"], points["z"]], axis=1)
            colours = points["rgb"].view(np.uint32)[:, None] >> np.array([16, 8, 0], np.uint32)
            rgb = (colours & 0xFF).astype(np.uint8)
            views = draw_views(coordinates, rgb, points["instance"], cloud.segments.segments)
            paths.append(self._folder / f"{cloud.name}.png")
            Picture.fromarray(np.hstack(views)).save(paths[-1])
        return paths

    def _take(self, message: PointCloud2) -> None:
        self._newest = message
