"""Parsing of the command line into the node's start values."""
