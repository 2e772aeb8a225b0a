"""Benchmarks of latency, discovery and long runs, in a ROS domain of their own."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
