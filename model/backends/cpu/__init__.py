"""Layers for inference on CPUs with oneDNN."""
