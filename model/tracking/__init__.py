"""Follow objects through a sequence of results: lasting ids, and names that do not flicker."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
