"""One camera of the node: its messages, joined and sent to Rerun."""
