"""The demo model in low precision says of nearly all pixels what it says in float32."""

import pytest
from networks import share_of_equal_pixels

from eovseg_model.backends.loading import check_backend
from eovseg_model.backends.names import BackendError
from eovseg_model.inference.predictor import EOVSegPredictor

SCENES = 8


def skip_where_refused(backend, precision):
    """Not every CPU has both; test_backends.py holds the refusal."""
    try:
        check_backend(backend, precision, "cpu")
    except BackendError as error:
        pytest.skip(f"{backend} {precision} not tested: {error}")


@pytest.mark.parametrize(
    ("backend", "precision"), [("torch", "bf16"), ("torch", "int8"), ("openvino", "bf16")]
)
def test_at_least_99_of_100_pixels_are_the_same(backend, precision):
    skip_where_refused(backend, precision)
    exact, fast = (
        EOVSegPredictor.from_checkpoint(
            "tiny",
            None,
            ("@simulation_trained",),
            device="cpu",
            backend=name,
            precision=bits,
            patient=True,
        )
        for name, bits in (("torch", "fp32"), (backend, precision))
    )
    assert share_of_equal_pixels(exact, fast, SCENES) >= 0.99
