"""Print the vocabulary of a running node as a label space of Hydra.

    python examples/hydra_label_space.py [GROUND_NAME ...] > my_label_space.yaml

Things become object labels, the given names surface places. The labels are the pixel values of ~/semantic:
0 is void, then the classes in their order. Write the file again after each change of the vocabulary.
"""

import json
import sys

import rclpy
from rclpy.node import Node

from eovseg_ros.clients import ClientError, NodeClient
from eovseg_ros.msg import Vocabulary


def label_space(vocabulary: Vocabulary, ground: list[str]) -> str:
    """Return the text of the file. Raises ValueError for a name of the ground that is not a class."""
    if missing := set(ground) - set(vocabulary.labels):
        raise ValueError(f"not in the vocabulary: {', '.join(sorted(missing))}")
    names = ["unknown", *vocabulary.labels]
    things = [label for label, is_thing in enumerate(vocabulary.is_thing, start=1) if is_thing]
    lines = [
        f"total_semantic_labels: {len(names)}",
        "dynamic_labels: []",
        "invalid_labels: []",
        f"object_labels: {things}",
        f"surface_places_labels: {[names.index(name) for name in ground]}",
        "label_names:",
        *(f"  - {{label: {label}, name: {json.dumps(name)}}}" for label, name in enumerate(names)),
    ]
    return "\n".join(lines)


def main() -> None:
    rclpy.init()
    client = NodeClient(Node("hydra_label_space"), "/eovseg")
    try:
        print(label_space(client.get_vocabulary(seconds=30.0), sys.argv[1:]))
    except (ClientError, ValueError) as error:
        sys.exit(f"hydra_label_space: {error}")
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
