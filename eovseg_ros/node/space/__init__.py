"""Depth, calibration and frame of images."""
