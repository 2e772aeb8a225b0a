"""Measures the speed of the labelling of bags."""
