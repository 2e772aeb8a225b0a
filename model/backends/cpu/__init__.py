"""Layers laid out for oneDNN."""
