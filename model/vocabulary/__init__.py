"""Words to text embeddings: what users write, files of classes, encoding and its cache."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
