import numpy as np
import pytest

from eovseg_model.simulation.catalog import SHAPES
from eovseg_model.simulation.rendering.meshes import as_obj, file_vertices, shape_mesh, sheet


def corners_and_crosses(mesh):
    corners = mesh.vertices[mesh.triangles]
    return corners, np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_measure_one_metre_about_the_origin(shape):
    vertices = shape_mesh(shape).vertices
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    assert (high - low).max() == pytest.approx(1.0)
    assert low + high == pytest.approx(np.zeros(3), abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_triangles_face_the_way_of_their_normals(shape):
    mesh = shape_mesh(shape)
    _, crosses = corners_and_crosses(mesh)
    solid = np.linalg.norm(crosses, axis=1) > 1e-9
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(np.ones(len(mesh.normals)))
    assert ((crosses * mesh.normals[mesh.triangles].sum(axis=1)).sum(axis=1)[solid] > 0).all()


@pytest.mark.parametrize(
    ("shape", "volume", "tolerance"),
    [
        ("cube", 1.0, 1e-9),
        ("ball", np.pi / 6, 0.02),  # a polyhedron inside the ball
        ("cylinder", np.pi * 0.32**2, 0.01),
        ("cone", np.pi * 0.42**2 / 3, 0.01),
    ],
)
def test_volume_of_closed_shapes(shape, volume, tolerance):
    """The divergence theorem: a closed surface that looks outwards holds the sum of its tetrahedra."""
    corners, crosses = corners_and_crosses(shape_mesh(shape))
    assert (corners[:, 0] * crosses).sum() / 6 == pytest.approx(volume, rel=tolerance)


def test_a_mug_is_hollow():
    corners, crosses = corners_and_crosses(shape_mesh("mug"))
    assert (corners[:, 0] * crosses).sum() / 6 < 0.4 * np.pi * 0.4**2


def test_an_unknown_shape_is_a_key_error():
    with pytest.raises(KeyError):
        shape_mesh("teapot")


def test_a_sheet_repeats_its_texture_by_the_metre():
    mesh = sheet(4.0, 2.0, cells=3, repeats=1.5)
    assert mesh.vertices.shape == (16, 3)
    assert len(mesh.triangles) == 18
    assert np.ptp(mesh.coordinates, axis=0) == pytest.approx([6.0, 3.0])
    _, crosses = corners_and_crosses(mesh)
    assert crosses[:, 2].sum() / 2 == pytest.approx(8.0)


def test_obj_text_reads_back(tmp_path):
    mesh = shape_mesh("mug")
    file = tmp_path / "mug.obj"
    file.write_text(as_obj(mesh))
    assert file_vertices(str(file)) == pytest.approx(mesh.vertices, abs=1e-8)
    faces = [line.split()[1:] for line in file.read_text().splitlines() if line.startswith("f ")]
    assert np.array([[int(corner.split("/")[0]) - 1 for corner in face] for face in faces]).tolist() == (
        mesh.triangles.tolist()
    )
