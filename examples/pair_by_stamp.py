"""Pair the node's results with an image topic of your own, by stamp, and print its median in each thing.

    python examples/pair_by_stamp.py TOPIC [LATENCY [RATE]]      (default: 0.4 s, 30 Hz)

TOPIC is an image with one channel, registered to the colour image and with its stamps: thermal, for example.
Messages with equal stamps belong together, because every result has the header of its image. Your own come
first: LATENCY x RATE of them wait when the result of the oldest arrives.
"""

import math
import sys

import numpy as np
import rclpy
from rclpy.node import Node
from sensor_msgs.msg import Image

from eovseg_ros.messages import image_to_array
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes import until_shutdown

MARGIN = 10  # messages, for latencies that are above the usual


class Pairs(Node):
    """Collects the three messages of each stamp."""

    def __init__(self, topic: str, latency: float = 0.4, rate: float = 30.0) -> None:
        super().__init__("pair_by_stamp")
        self._remembered = math.ceil(latency * rate) + MARGIN
        self._waiting: dict[tuple[int, int], dict[str, Image | PanopticSegmentation]] = {}
        self._subscribe(Image, topic, "own")
        self._subscribe(Image, "/eovseg/panoptic", "panoptic")
        self._subscribe(PanopticSegmentation, "/eovseg/segments", "segments")

    def _subscribe(self, kind: type, topic: str, name: str) -> None:
        self.create_subscription(kind, topic, lambda message: self._receive(name, message), 10)

    def _receive(self, name: str, message: Image | PanopticSegmentation) -> None:
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        together = self._waiting.setdefault(stamp, {})
        together[name] = message
        if len(together) == 3:
            self._print(**self._waiting.pop(stamp))
        while len(self._waiting) > self._remembered:  # the node skips images while it is busy
            self._waiting.pop(next(iter(self._waiting)))

    def _print(self, own: Image, panoptic: Image, segments: PanopticSegmentation) -> None:
        ids, values = image_to_array(panoptic), image_to_array(own)
        for segment in segments.segments:
            inside = values[ids == segment.id]
            if segment.is_thing and inside.size:
                print(f"{segment.label}: {np.median(inside):g}", flush=True)


def main() -> None:
    topic, *numbers = sys.argv[1:]
    rclpy.init()
    with until_shutdown():
        rclpy.spin(Pairs(topic, *map(float, numbers)))
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
