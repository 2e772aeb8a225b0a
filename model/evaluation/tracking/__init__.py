"""Evaluate the tracking of objects on sequences."""
