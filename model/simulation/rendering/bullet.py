"""PyBullet, or what to do where it is missing."""

from .errors import PyBulletMissing

try:
    import pybullet as pybullet
    import pybullet_data as pybullet_data
except ImportError as error:
    raise PyBulletMissing(
        f"rendering scenes needs PyBullet: pip install pybullet (PyPI has a wheel up to Python 3.11): {error}"
    ) from error
