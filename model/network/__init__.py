"""EOV-Seg's network; each folder is a part of the paper's figure 4."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
