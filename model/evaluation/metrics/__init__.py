"""PQ, AP and mIoU."""
