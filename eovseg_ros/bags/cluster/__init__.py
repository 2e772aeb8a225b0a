"""Bags labelled by the machines of a Ray cluster."""
