"""The status of a backend as a sentence."""

import pytest

from eovseg_model.backends.status import BackendStatus, EngineStage

STATUS = {"backend": "openvino", "precision": "bf16"}


@pytest.mark.parametrize(
    ("serving", "stage", "fields", "sentence"),
    [
        ("openvino", EngineStage.NONE, {}, "openvino bf16"),
        ("torch", EngineStage.WAITING, {}, "openvino bf16: engine will be built for the first frame"),
        (
            "torch",
            EngineStage.BUILDING,
            {"build_seconds": 3.4},
            "openvino bf16: engine building for 3 s; torch is used meanwhile",
        ),
        ("openvino", EngineStage.READY, {"build_seconds": 9.0}, "openvino bf16: engine ready"),
        (
            "torch",
            EngineStage.FAILED,
            {"error": "RuntimeError: no memory"},
            "openvino bf16: engine failed: RuntimeError: no memory; torch is used instead",
        ),
        ("", EngineStage.FAILED, {"error": "no memory"}, "openvino bf16: engine failed: no memory"),
        (
            "torch",
            EngineStage.TOO_LARGE,
            {},
            "openvino bf16: the vocabulary has more names than any engine holds; torch is used instead",
        ),
    ],
)
def test_a_status_is_a_sentence(serving, stage, fields, sentence):
    status = BackendStatus(**STATUS, serving=serving, stage=stage, **fields)
    assert str(status) == sentence
    assert status.title == "openvino bf16"


def test_a_backend_has_no_engine_unless_it_says_so():
    status = BackendStatus(**STATUS, serving="openvino")
    assert (status.stage, status.build_seconds, status.error) == (EngineStage.NONE, 0.0, "")
