"""Print how far away each thing is, by the positions that the node measures with depth (use_depth:=true).

python examples/distances.py [TOPIC]       (default: /eovseg/segments)
"""

import math
import sys

import rclpy

from eovseg_model.drawing import segment_title
from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes import until_shutdown


def print_distances(message: PanopticSegmentation) -> None:
    """Positions are in metres in `message.position_frame`, by default the camera's frame."""
    for segment in message.segments:
        if segment.is_thing and segment.has_position:
            x, y, z = segment.position.x, segment.position.y, segment.position.z
            distance = math.sqrt(x * x + y * y + z * z)
            print(f"{segment_title(segment)}: {distance:.2f} m at ({x:.2f}, {y:.2f}, {z:.2f})", flush=True)


def main() -> None:
    rclpy.init()
    node = rclpy.create_node("distances")
    topic = sys.argv[1] if len(sys.argv) > 1 else "/eovseg/segments"
    node.create_subscription(PanopticSegmentation, topic, print_distances, 10)
    with until_shutdown():
        rclpy.spin(node)
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
