"""Metrics: PQ, AP and mIoU."""
