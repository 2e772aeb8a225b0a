"""Procedural triangle meshes of the coloured shapes; their longest side is one metre."""

from functools import cache
from typing import NamedTuple

import numpy as np

SIDES = 28


class Mesh(NamedTuple):
    """A triangle mesh with a normal for each vertex."""

    vertices: np.ndarray  # (V, 3) float64
    normals: np.ndarray  # (V, 3) float64
    triangles: np.ndarray  # (T, 3) int64, counterclockwise seen from outside
    coordinates: np.ndarray  # (V, 2) float64, texture coordinates


@cache
def shape_mesh(shape: str) -> Mesh:
    """Return the unit mesh of a catalog shape, centred on the origin. Raises KeyError for others."""
    mesh = _BUILDERS[shape]()
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    vertices = (mesh.vertices - (low + high) / 2) / (high - low).max()
    return mesh._replace(vertices=vertices)


def sheet(width: float, height: float, cells: int, repeats: float) -> Mesh:
    """Return a rectangle in x and y (metres) that faces up; repeats is the number of textures per metre.

    It is divided into cells x cells, because the renderer interpolates textures within each triangle.
    """
    steps = np.linspace(0.0, 1.0, cells + 1)
    u, v = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    vertices = np.stack([(u - 0.5) * width, (v - 0.5) * height, np.zeros_like(u)], axis=1)
    normals = np.tile([0.0, 0.0, 1.0], (len(u), 1))
    coordinates = np.stack([u * width, v * height], axis=1) * repeats
    return Mesh(vertices, normals, _quads(cells + 1, cells + 1), coordinates)


@cache
def file_vertices(path: str) -> np.ndarray:
    """Return the (V, 3) vertices of an OBJ file, without its faces."""
    with open(path, encoding="utf-8", errors="replace") as lines:
        return np.array([line.split()[1:4] for line in lines if line.startswith("v ")], dtype=float)


def as_obj(mesh: Mesh) -> str:
    """Return a mesh as the text of an OBJ file."""
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in mesh.vertices.tolist()]
    lines += [f"vt {u:.9g} {v:.9g}" for u, v in mesh.coordinates.tolist()]
    lines += [f"vn {x:.9g} {y:.9g} {z:.9g}" for x, y, z in mesh.normals.tolist()]
    corners = [[f"{i}/{i}/{i}" for i in triangle] for triangle in (mesh.triangles + 1).tolist()]
    return "\n".join(lines + [f"f {' '.join(triangle)}" for triangle in corners]) + "\n"


def _quads(rows: int, columns: int) -> np.ndarray:
    """Return the triangles of a rows x columns grid of vertices."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    right, below, far = corner + 1, corner + columns, corner + columns + 1
    return np.concatenate([np.stack([corner, below, far], axis=1), np.stack([corner, far, right], axis=1)])


def _plain(vertices: np.ndarray, normals: np.ndarray, triangles: np.ndarray) -> Mesh:
    """Return a mesh without a texture."""
    return Mesh(vertices, normals, triangles, np.zeros((len(vertices), 2)))


def _join(*meshes: Mesh) -> Mesh:
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return _plain(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=True)]),
    )


def _lathe(*curves: list[tuple[float, float]]) -> Mesh:
    """Revolve (radius, z) curves about the z axis; smooth along a curve, with a sharp edge between curves.

    The outside is to the right of a curve's direction, so an outer wall runs upwards.
    """
    return _join(*(_lathe_curve(np.asarray(curve, dtype=float)) for curve in curves))


def _lathe_curve(curve: np.ndarray) -> Mesh:
    along = np.gradient(curve, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    angle = np.linspace(0.0, 2 * np.pi, SIDES + 1)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    radius, z = curve.T

    def turn(r: np.ndarray, height: np.ndarray) -> np.ndarray:
        return np.stack(np.broadcast_arrays(cos * r, sin * r, height), axis=2).reshape(-1, 3)

    normals = turn(along[:, 1], -along[:, 0])
    return _plain(turn(radius, z), normals, _quads(SIDES + 1, len(curve)))


def _arc(radius: float, start: float, end: float, steps: int) -> list[tuple[float, float]]:
    angles = np.linspace(start, end, steps + 1)
    return [(max(radius * np.cos(a), 0.0), radius * np.sin(a)) for a in angles]


def _cube() -> Mesh:
    side = _plain(
        np.array([[-0.5, -0.5, 0.5], [-0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.5, 0.5, 0.5]]),
        np.tile([0.0, 0.0, 1.0], (4, 1)),
        _quads(2, 2),
    )
    turns = [np.eye(3), np.diag([1.0, -1.0, -1.0])]
    about_x = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    about_y = np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])
    turns += [about_x, about_x.T, about_y, about_y.T]
    return _join(*(_plain(side.vertices @ t.T, side.normals @ t.T, side.triangles) for t in turns))


def _ball() -> Mesh:
    return _lathe(_arc(0.5, -np.pi / 2, np.pi / 2, 16))


def _cylinder() -> Mesh:
    return _lathe([(0.0, -0.5), (0.32, -0.5)], [(0.32, -0.5), (0.32, 0.5)], [(0.32, 0.5), (0.0, 0.5)])


def _cone() -> Mesh:
    return _lathe([(0.0, -0.5), (0.42, -0.5)], [(0.42, -0.5), (0.21, 0.0), (0.0, 0.5)])


def _bowl() -> Mesh:
    outside = [(r, z * 0.95) for r, z in _arc(0.5, -np.pi * 0.38, 0.0, 10)]
    inside = [(r * 0.92, z * 0.88) for r, z in _arc(0.5, 0.0, -np.pi * 0.38, 10)]
    foot, bottom = outside[0], inside[-1]
    return _lathe(
        [(0.0, foot[1]), foot], outside, [outside[-1], inside[0]], inside, [bottom, (0.0, bottom[1])]
    )


def _mug() -> Mesh:
    body = _lathe(
        [(0.0, -0.5), (0.4, -0.5)],
        [(0.4, -0.5), (0.4, 0.5)],
        [(0.4, 0.5), (0.35, 0.5)],
        [(0.35, 0.5), (0.35, -0.42)],
        [(0.35, -0.42), (0.0, -0.42)],
    )
    return _join(body, _handle())


def _handle() -> Mesh:
    """Return a half ring in the x-z plane at the mug's wall."""
    path = np.linspace(-np.pi / 2, np.pi / 2, 13)[:, None]
    tube = np.linspace(0.0, -2 * np.pi, 11)[None]
    outwards = np.cos(path) * np.cos(tube), np.sin(tube), np.sin(path) * np.cos(tube)
    out = np.stack(np.broadcast_arrays(*outwards), axis=2)
    centre = np.stack([0.38 + 0.27 * np.cos(path), 0 * path, 0.29 * np.sin(path)], axis=2)
    return _plain((centre + 0.065 * out).reshape(-1, 3), out.reshape(-1, 3), _quads(13, 11))


_BUILDERS = {"cube": _cube, "ball": _ball, "cylinder": _cylinder, "cone": _cone, "bowl": _bowl, "mug": _mug}
