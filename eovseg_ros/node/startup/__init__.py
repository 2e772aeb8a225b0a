"""From the words of the command line to the values that the node starts with."""
