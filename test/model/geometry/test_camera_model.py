import cv2
import numpy as np
import pytest

from eovseg_model.geometry import CameraModel, GeometryError

K = (500.0, 0.0, 319.5, 0.0, 400.0, 239.5, 0.0, 0.0, 1.0)
PLAIN = CameraModel(width=640, height=480, k=K)
# (distortion_model, d) of usual cameras: mild barrel, wide angle, and the eight numbers of a depth camera.
LENSES = [
    ("plumb_bob", (-0.28, 0.07, 0.0002, 1e-5, 0.0)),
    ("plumb_bob", (-0.35, 0.12, 0.001, -0.002)),
    ("rational_polynomial", (0.52, -2.7, 6e-4, -2e-4, 1.5, 0.4, -2.5, 1.4)),
    ("rational_polynomial", (0.1, -0.05, 1e-3, -5e-4, 0.01, 0.05, 0.02, 0.0, 1e-3, 0.0, 2e-3, 0.0)),
]


def test_rays_of_a_pinhole():
    assert PLAIN.rays.shape == (480, 640, 2) and PLAIN.rays.dtype == np.float32
    # x: (0 - 319.5) / 500, y: (479 - 239.5) / 400
    assert PLAIN.rays[479, 0] == pytest.approx([-0.639, 0.59875])
    assert PLAIN.rays is PLAIN.rays


def test_project_a_pinhole():
    pixels = PLAIN.project(np.array([[0.0, 0.0, 2.0], [1.0, -0.5, 2.0], [1.0, 1.0, -2.0], [0.0, 0.0, 0.0]]))
    # 319.5 + 500 / 2, 239.5 - 400 / 4
    assert pixels[:2].tolist() == [[319.5, 239.5], [569.5, 139.5]]
    assert np.isnan(pixels[2:]).all()
    assert PLAIN.project(np.empty((0, 3))).shape == (0, 2)


def test_unproject():
    depth = np.full((480, 640), 2.0, np.float32)
    depth[3, 4] = np.nan
    points = PLAIN.unproject(depth)
    assert points[479, 0] == pytest.approx([-1.278, 1.1975, 2.0])
    assert np.isnan(points[3, 4]).all() and np.isnan(points).sum() == 3


@pytest.mark.parametrize(("name", "d"), LENSES)
def test_a_lens_as_opencv_has_it(name, d):
    camera = CameraModel(width=640, height=480, k=K, d=d, distortion_model=name)
    points = np.array([[0.1, 0.2, 1.0], [-0.4, 0.3, 0.9], [0.5, -0.2, 1.3]])
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), np.reshape(K, (3, 3)), np.array(d))
    assert camera.project(points) == pytest.approx(expected[:, 0], abs=1e-6)


@pytest.mark.parametrize(("name", "d"), LENSES)
def test_rays_through_a_lens_meet_their_pixels(name, d):
    camera = CameraModel(width=640, height=480, k=K, d=d, distortion_model=name)
    rays = camera.rays.reshape(-1, 2).astype(float)
    assert not np.isnan(rays).any()
    points = np.concatenate([rays, np.ones((len(rays), 1))], axis=1) * 3.0
    seen, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), np.reshape(K, (3, 3)), np.array(d))
    y, x = np.mgrid[:480, :640]
    assert np.abs(seen[:, 0] - np.stack([x.ravel(), y.ravel()], axis=1)).max() < 0.1


def test_pixels_past_the_lens_have_no_ray():
    # r (1 - r^2) is at most 0.385, at r = 0.577: no ray is bent to the corners, which are at 0.87.
    camera = CameraModel(
        width=640, height=480, k=K, d=(-1.0, 0.0, 0.0, 0.0, 0.0), distortion_model="plumb_bob"
    )
    assert np.isnan(camera.rays[0, 0]).all() and np.isnan(camera.rays[-1, -1]).all()
    assert camera.rays[240, 320] == pytest.approx([0.001, 0.00125], abs=1e-5)


def test_scaled_keeps_the_rays_of_the_same_places():
    half = PLAIN.scaled(320, 240)
    # The upper left pixel of the half covers four of the whole; its centre is at (0.5, 0.5) there.
    assert half.rays[0, 0] == pytest.approx(PLAIN.rays[:2, :2].mean(axis=(0, 1)), abs=1e-6)
    assert half.k == (250.0, 0.0, 159.5, 0.0, 200.0, 119.5, 0.0, 0.0, 1.0)
    assert PLAIN.scaled(320, 240) is half and half.rays is half.rays
    assert CameraModel(width=640, height=480, k=list(K)).scaled(320, 240) is half
    assert PLAIN.scaled(427, 320).width == 427  # 426.7 rounded


def test_several_cameras_at_the_sizes_of_image_and_depth_keep_their_rays():
    cameras = [CameraModel(width=640, height=480, k=(500 + i, *K[1:])) for i in range(16)]
    sizes = [(640, 480), (320, 240)]
    scaled = [camera.scaled(*size) for camera in cameras for size in sizes]
    again = [camera.scaled(*size) for camera in cameras for size in sizes]
    assert all(one is other for one, other in zip(scaled, again, strict=True))


def test_scaled_keeps_the_lens():
    camera = CameraModel(width=640, height=480, k=K, d=LENSES[0][1], distortion_model="plumb_bob")
    assert camera.scaled(320, 240).d == LENSES[0][1]
    assert camera.scaled(320, 240).distortion_model == "plumb_bob"


def test_another_aspect_is_refused():
    with pytest.raises(
        GeometryError, match="640x480 pixels, the image has 640x360.*camera_info of this image"
    ):
        PLAIN.scaled(640, 360)


def test_zeros_are_no_distortion_whatever_the_model():
    for name, d in [("", ()), ("plumb_bob", (0.0,) * 5), ("equidistant", (0.0,) * 4), ("none", (0.0,))]:
        camera = CameraModel(width=640, height=480, k=K, d=d, distortion_model=name)
        assert np.array_equal(camera.rays, PLAIN.rays)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": (0.0,) * 9}, "not calibrated"),
        ({"k": (float("nan"),) * 9}, "not calibrated"),
        ({"k": K[:8]}, "not calibrated"),
        ({"k": (*K[:4], -400.0, *K[5:])}, "not calibrated"),
        ({"d": (float("nan"),) * 5, "distortion_model": "plumb_bob"}, "not calibrated"),
        ({"width": 0}, "0x480 pixels; set width and height"),
        ({"d": (0.1,) * 4, "distortion_model": "equidistant"}, "'equidistant'.*rectify the images"),
        ({"d": (0.1,) * 4, "distortion_model": ""}, "''.*rectify the images"),
        ({"d": (0.1,) * 8, "distortion_model": "plumb_bob"}, "8 coefficients, but plumb_bob has 4 or 5"),
        (
            {"d": (0.1,) * 5, "distortion_model": "rational_polynomial"},
            "5 coefficients, but rational_polynomial has 8",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(change, message):
    with pytest.raises(GeometryError, match=message):
        CameraModel(**{"width": 640, "height": 480, "k": K, **change})
