"""The node and its threads."""
