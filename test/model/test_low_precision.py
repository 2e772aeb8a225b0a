"""The demo model in low precision says of nearly all pixels what it says in float32."""

import pytest
import torch

from eovseg_model.backends.loading import check_backend
from eovseg_model.backends.names import BackendError
from eovseg_model.predictor import EOVSegPredictor

SCENES = 8


def class_of_pixels(result):
    """Class index + 1 of the segment of every pixel (H, W), 0 for void."""
    table = torch.zeros(1 + max((s.id for s in result.segments), default=0), dtype=torch.int64)
    for segment in result.segments:
        table[segment.id] = segment.class_id + 1
    return table[result.map.long()]


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
    from eovseg_model.simulation.scene import Scene

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
