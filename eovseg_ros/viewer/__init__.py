"""The frames, segments and status of a running node, shown or recorded by Rerun."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
