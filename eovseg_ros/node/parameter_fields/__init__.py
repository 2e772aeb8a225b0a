"""The parameters of the node: names, types, defaults, ranges and descriptions."""
