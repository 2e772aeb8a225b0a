"""What the demo shows of space: the labelled cloud, and positions beside the true ones."""
