"""Change the vocabulary of a running node and wait until it is live.

python examples/change_vocabulary.py NAME ...
"""

import sys

import rclpy
from rclpy.node import Node

from eovseg_ros.clients import ClientError, NodeClient

rclpy.init()
client = NodeClient(Node("change_vocabulary"), "/eovseg")
try:
    live = client.set_vocabulary(sys.argv[1:], seconds=30.0)
    print(f"version {live.version} is live: {', '.join(live.labels)}")
except ClientError as error:  # refused, with the node's reason, or no answer
    sys.exit(f"change_vocabulary: {error}")
finally:
    rclpy.try_shutdown()
