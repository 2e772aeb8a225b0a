"""Errors of the geometry."""


class GeometryError(ValueError):
    """A calibration, depth image or transform that cannot be used; the message says what to do."""
