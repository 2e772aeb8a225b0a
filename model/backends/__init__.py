"""What runs the network: PyTorch, laid out for CPUs, and engines of other runtimes."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
