import numpy as np
import pytest

from eovseg_model.geometry import GeometryError, depth_in_metres


def test_millimetres():
    metres = depth_in_metres(np.array([[0, 1, 1234], [65534, 65535, 400]], np.uint16))
    assert metres.dtype == np.float32 and metres.shape == (2, 3)
    assert metres.ravel() == pytest.approx([np.nan, 0.001, 1.234, 65.534, np.nan, 0.4], nan_ok=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_metres(dtype):
    metres = depth_in_metres(np.array([0.5, 0.0, -1.0, np.nan, np.inf, -np.inf, 65535.0], dtype))
    assert metres.dtype == np.float32
    assert np.isnan(metres[1:6]).all()
    assert metres[[0, 6]].tolist() == [0.5, 65535.0]  # no saturation in metres


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int16])
def test_other_types_are_refused(dtype):
    with pytest.raises(GeometryError, match="give uint16 in millimetres or float32 in metres"):
        depth_in_metres(np.ones((2, 2), dtype))
