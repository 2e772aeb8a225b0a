"""Who talks to the node: a client for programs and the command `eovseg-ros`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
