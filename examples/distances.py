"""Pair the node's label image and segments with the camera's depth and print the distance of each thing.

    python examples/distances.py [DEPTH_TOPIC]       (default: /camera/depth, metres as 32FC1)

Messages with equal stamps belong together: every output has the header of its image. The depth image must
be registered to the colour image.
"""

import sys

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image

from eovseg_ros.messages import image_to_array
from eovseg_ros.msg import PanopticSegmentation

REMEMBERED = 30  # stamps that wait for the rest of their messages


class Distances(Node):
    """Collects the three messages of each stamp."""

    def __init__(self, depth_topic: str) -> None:
        super().__init__("distances")
        self._waiting: dict[tuple[int, int], dict[str, Image | PanopticSegmentation]] = {}
        self._subscribe(Image, "/eovseg/panoptic", "panoptic")
        self._subscribe(PanopticSegmentation, "/eovseg/segments", "segments")
        self._subscribe(Image, depth_topic, "depth")

    def _subscribe(self, kind: type, topic: str, name: str) -> None:
        self.create_subscription(kind, topic, lambda message: self._receive(name, message), 10)

    def _receive(self, name: str, message: Image | PanopticSegmentation) -> None:
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        together = self._waiting.setdefault(stamp, {})
        together[name] = message
        if len(together) == 3:
            self._print(**self._waiting.pop(stamp))
        while len(self._waiting) > REMEMBERED:
            self._waiting.pop(next(iter(self._waiting)))

    def _print(self, panoptic: Image, segments: PanopticSegmentation, depth: Image) -> None:
        ids, metres = image_to_array(panoptic), image_to_array(depth)
        for segment in segments.segments:
            inside = metres[(ids == segment.id) & np.isfinite(metres) & (metres > 0)]
            if segment.is_thing and inside.size:
                print(f"{segment.label}: {np.median(inside):.2f} m", flush=True)


def main() -> None:
    rclpy.init()
    try:
        rclpy.spin(Distances(sys.argv[1] if len(sys.argv) > 1 else "/camera/depth"))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
