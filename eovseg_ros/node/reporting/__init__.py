"""Counters, status, diagnostics and log of the node."""
