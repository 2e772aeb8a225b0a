"""Layers, graphs and streams for inference on NVIDIA GPUs."""
