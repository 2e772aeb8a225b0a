"""PyBullet, or what to do where it is missing."""

from .errors import PyBulletMissing

try:
    import pybullet as pybullet
    import pybullet_data as pybullet_data
except ImportError as error:
    raise PyBulletMissing(str(error)) from error
