"""Calibrations of cameras, by hand: a pixel of the message's image is seen along the same ray."""

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from eovseg_model.geometry import GeometryError
from eovseg_ros.messages import camera_model

K = [500.0, 0.0, 319.5, 0.0, 400.0, 239.5, 0.0, 0.0, 1.0]
P = [300.0, 0.0, 310.5, -21.0, 0.0, 250.0, 229.5, 0.0, 0.0, 0.0, 1.0, 0.0]


def info(stamp=0, **fields):
    message = CameraInfo(
        **{"width": 640, "height": 480, "k": K, "p": P, "distortion_model": "plumb_bob"} | fields
    )
    message.header.stamp.sec = stamp
    return message


def pinhole(camera):
    """fx, fy, cx, cy."""
    return camera.k[0], camera.k[4], camera.k[2], camera.k[5]


def test_a_raw_image_is_described_by_k_and_d():
    camera = camera_model(info(d=[0.1, -0.2, 0.001, 0.002, 0.0]), rectified=False)
    assert (camera.width, camera.height) == (640, 480)
    assert camera.k == tuple(K) and camera.d == (0.1, -0.2, 0.001, 0.002, 0.0)
    assert camera.distortion_model == "plumb_bob"


def test_a_rectified_image_is_described_by_the_first_columns_of_p_without_distortion():
    message = info(d=[0.1, -0.2, 0.001, 0.002, 0.0])
    camera = camera_model(message, rectified=True)
    assert camera.k == (300.0, 0.0, 310.5, 0.0, 250.0, 229.5, 0.0, 0.0, 1.0) and camera.d == ()
    fisheye = info(d=[0.1, 0.2, 0.3, 0.4], distortion_model="equidistant")  # of the raw image only
    assert camera_model(fisheye, rectified=True) == camera


def test_rational_distortion():
    camera = camera_model(info(d=[0.1] * 8, distortion_model="rational_polynomial"), rectified=False)
    assert (camera.d, camera.distortion_model) == ((0.1,) * 8, "rational_polynomial")


@pytest.mark.parametrize(
    ("name", "d", "model"),
    [
        ("plumb_bob", [0.1, -0.2, 0.001, 0.002, 0.03, 0.0, 0.0, 0.0], "rational_polynomial"),  # Orbbec
        ("plumb_bob", [0.1] * 12, "rational_polynomial"),
        ("rational_polynomial", [0.1, -0.2, 0.001, 0.002, 0.03], "plumb_bob"),
        ("rational_polynomial", [0.1] * 4, "plumb_bob"),
        ("plumb_bob", [0.1] * 5, "plumb_bob"),
    ],
)
def test_the_number_of_coefficients_tells_which_of_opencvs_models_it_is(name, d, model):
    camera = camera_model(info(d=d, distortion_model=name), rectified=False)
    assert (camera.distortion_model, camera.d) == (model, tuple(d))
    point = np.array([[0.3, -0.2, 1.0]])
    seen = cv2.projectPoints(point, np.zeros(3), np.zeros(3), np.reshape(K, (3, 3)), np.array(d))[0]
    assert camera.project(point) == pytest.approx(seen.reshape(1, 2))


@pytest.mark.parametrize("rectified", [False, True])
def test_a_region_of_the_sensor_is_counted_from_its_corner(rectified):
    roi = RegionOfInterest(x_offset=100, y_offset=40, width=320, height=200)
    whole, part = camera_model(info(), rectified=rectified), camera_model(info(roi=roi), rectified=rectified)
    assert (part.width, part.height) == (320, 200)
    assert pinhole(part)[:2] == pinhole(whole)[:2]
    point = np.array([[0.1, -0.05, 1.0]])
    assert (part.project(point) - whole.project(point)).tolist() == [[-100.0, -40.0]]


def test_binned_pixels_have_their_centre_between_those_of_the_sensor():
    camera = camera_model(info(binning_x=2, binning_y=4), rectified=False)
    assert (camera.width, camera.height) == (320, 120)
    # the centre of the image: between columns 319 and 320 of 640, and between 159 and 160 of 320
    assert pinhole(camera) == (250.0, 100.0, 159.5, 59.5)
    beside = camera_model(
        info(k=[*K[:2], 320.5, *K[3:5], 241.5, *K[6:]], binning_x=2, binning_y=4), rectified=False
    )
    assert pinhole(beside) == (250.0, 100.0, 160.0, 60.0)  # a half, and two quarters, of a pixel farther


def test_a_region_is_in_pixels_of_the_sensor_before_binning():
    roi = RegionOfInterest(x_offset=100, y_offset=40, width=320, height=200)
    camera = camera_model(info(roi=roi, binning_x=2, binning_y=2), rectified=False)
    assert (camera.width, camera.height) == (160, 100)
    # 319.5 of the sensor is 219.5 of the region: pixels 219 and 220, halves of the binned pixels 109 and 110
    assert pinhole(camera) == (250.0, 200.0, 109.5, 99.5)


@pytest.mark.parametrize("roi", [RegionOfInterest(width=64), RegionOfInterest(height=48, x_offset=9)])
def test_a_region_without_pixels_stands_for_the_whole_image(roi):
    camera = camera_model(info(roi=roi), rectified=False)
    assert (camera.width, camera.height, camera.k) == (640, 480, tuple(K))


@pytest.mark.parametrize("binning", [0, 1])
def test_no_region_and_no_binning(binning):
    message = info(binning_x=binning, binning_y=binning, roi=RegionOfInterest(do_rectify=True))
    assert pinhole(camera_model(message, rectified=False)) == (500.0, 400.0, 319.5, 239.5)


@pytest.mark.parametrize("rectified", [False, True])
def test_the_same_calibration_is_the_same_object_whatever_the_stamp(rectified):
    first, second = info(stamp=1, d=[0.1] * 5), info(stamp=2, d=[0.1] * 5)
    assert camera_model(first, rectified=rectified) is camera_model(second, rectified=rectified)


@pytest.mark.parametrize(
    "change",
    [
        {"k": [501.0, *K[1:]]},
        {"d": [0.2] * 5},
        {"width": 641},
        {"height": 481},
        {"binning_x": 2},
        {"binning_y": 2},
        {"roi": RegionOfInterest(x_offset=1, width=320, height=240)},
        {"roi": RegionOfInterest(y_offset=1, width=320, height=240)},
        {"d": [0.1] * 8, "distortion_model": "rational_polynomial"},
    ],
    ids=str,
)
def test_another_calibration_is_another_camera(change):
    assert camera_model(info(**change), rectified=False) != camera_model(info(d=[0.1] * 5), rectified=False)


def test_many_cameras_keep_their_objects():
    messages = [info(k=[500.0 + i, *K[1:]]) for i in range(32)]
    cameras = [camera_model(message, rectified=False) for message in messages]
    assert all(camera_model(m, rectified=False) is c for m, c in zip(messages, cameras, strict=True))


@pytest.mark.parametrize(
    ("fields", "rectified", "reason"),
    [
        ({"k": [0.0] * 9}, False, "the camera is not calibrated; calibrate it"),
        ({"p": [0.0] * 12}, True, "p of camera_info has fx=0 and fy=0: .*set rectified:=false"),
        ({"p": [float("nan"), *P[1:]]}, True, "p of camera_info has fx=nan"),
        ({"width": 0, "height": 0}, False, "set width and height"),
        ({"d": [0.1] * 4, "distortion_model": "equidistant"}, False, "'equidistant'.* rectify the images"),
        ({"d": [0.1] * 3}, False, "d of camera_info has 3 coefficients"),
        (
            {"roi": RegionOfInterest(x_offset=400, width=320, height=240)},
            False,
            r"roi of camera_info \(320x240 pixels at 400, 0\) exceeds its 640x480 pixels",
        ),
        ({"roi": RegionOfInterest(y_offset=241, width=320, height=240)}, False, "exceeds"),
        (
            {"k": [6.5e6, *K[1:]]},
            False,
            "k of camera_info has fx=6.5e.06, fy=400, .* is no camera of 640x480 pixels",
        ),
        ({"k": [0.04, *K[1:]]}, False, "k of camera_info has fx=0.04, fy=400"),
        (
            {"p": [*P[:5], -250.0, *P[6:]]},
            True,
            "p of camera_info has fx=300 and fy=-250: .*rectified:=false",
        ),
        ({"k": [*K[:4], 0.04, *K[5:]]}, False, "fy=0.04, .*; calibrate it"),
        ({"k": [*K[:2], -7e6, *K[3:]]}, False, "cx=-7e.06"),
        ({"p": [*P[:6], 1e300, *P[7:]]}, True, "p of camera_info has .* cy=1e.300"),
        ({"binning_x": 1000}, False, "of 0x480 pixels"),
    ],
)
def test_what_is_not_a_calibration_is_refused_with_a_remedy(fields, rectified, reason):
    with pytest.raises(GeometryError, match=reason):
        camera_model(info(**fields), rectified=rectified)
