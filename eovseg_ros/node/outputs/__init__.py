"""Publishers of the node."""
