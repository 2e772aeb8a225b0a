"""Bags and MCAP files as images in the order of their time."""
