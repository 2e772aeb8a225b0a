"""Backends that run the network: PyTorch with optimised layers, and engines of other runtimes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
