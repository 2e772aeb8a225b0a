"""How the node's threads are kept running, and take turns."""
