"""Metrics of segmentation and of tracking."""
