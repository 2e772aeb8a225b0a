"""Losses, and matching of queries with the ground truth."""
