"""The demo model in low precision says of nearly all pixels what it says in float32."""

import pytest
from networks import class_of_pixels

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
    pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")
    skip_where_refused(backend, precision)
    from eovseg_model.simulation.scenes.scene import Scene

    exact, fast = (
        EOVSegPredictor.from_checkpoint(
            "tiny", None, ("@simulation_trained",), backend=name, precision=bits, patient=True
        )
        for name, bits in (("torch", "fp32"), (backend, precision))
    )
    same = []
    for seed in range(3_000_000, 3_000_000 + SCENES):
        with Scene(seed=seed) as scene:
            picture = scene.render(0.0).rgb
        a, b = class_of_pixels(exact(picture)), class_of_pixels(fast(picture))
        same.append(float((a == b).double().mean()))
    assert sum(same) / SCENES >= 0.99
