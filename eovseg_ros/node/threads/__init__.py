"""Supervision of the node's threads, and the order in which they publish."""
