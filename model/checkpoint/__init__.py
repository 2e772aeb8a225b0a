"""Weights as files: the authors', CLIP's and our own; where they are kept and how they are checked."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
