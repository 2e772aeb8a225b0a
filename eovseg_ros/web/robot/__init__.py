"""What the console knows of the node and asks of it, without any web."""
