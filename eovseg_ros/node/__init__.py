"""The node, its threads and its topics."""
