"""Depth and labels of spheres, boxes and a floor, by rays: what is true is known."""

import numpy as np

from eovseg_model.geometry import CameraModel

VGA = CameraModel(width=640, height=480, k=(500, 0, 319.5, 0, 500, 239.5, 0, 0, 1))


def directions(camera):
    """(H, W, 3) directions through the pixels, of length 1 along z: a ray's parameter is the depth."""
    fx, _, cx, _, fy, cy = camera.k[:6]
    y, x = np.mgrid[: camera.height, : camera.width]
    return np.stack([(x - cx) / fx, (y - cy) / fy, np.ones(x.shape)], axis=-1)


def plane_depth(camera, normal, distance):
    """Depth of the points p with normal . p = distance, infinite where the ray does not meet it."""
    along = directions(camera) @ normal
    with np.errstate(divide="ignore"):
        depth = distance / along
    return np.where(depth > 0, depth, np.inf)


def sphere_depth(camera, centre, radius):
    """Depth of the near side of a sphere, infinite beside it."""
    rays = directions(camera)
    a, b = (rays**2).sum(axis=-1), rays @ centre
    square = b**2 - a * (np.dot(centre, centre) - radius**2)
    return np.where(square > 0, (b - np.sqrt(square.clip(0))) / a, np.inf)


def cuboid_depth(camera, centre, size, rotation):
    """Depth of the near sides of a cuboid, whose axes are the columns of the rotation; infinite beside it."""
    rays, eye = directions(camera) @ rotation, -np.asarray(centre) @ rotation
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = ((-np.divide(size, 2) - eye) / rays, (np.divide(size, 2) - eye) / rays)
    near, far = np.minimum(one, other).max(axis=-1), np.maximum(one, other).min(axis=-1)
    return np.where((near <= far) & (near > 0), near, np.inf)


def compose(*depths):
    """The nearest of all: label image with ids from 1, 0 for nothing, and depth in metres."""
    stack = np.stack(depths)
    nearest = stack.argmin(axis=0)
    depth = stack.min(axis=0)
    return np.where(np.isfinite(depth), nearest + 1, 0).astype(np.uint16), depth.astype(np.float32)
