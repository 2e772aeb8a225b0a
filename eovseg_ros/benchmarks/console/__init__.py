"""What the web console costs the node, and how fast its pictures reach a browser."""
