"""Positions and boxes of segments in metres, from depth and the camera's calibration."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
