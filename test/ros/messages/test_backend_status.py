"""A backend's state there and back."""

import pytest

from eovseg_model.backends import BackendStatus, EngineStage
from eovseg_ros.messages import read_backend_status, write_backend_status
from eovseg_ros.msg import Status


@pytest.mark.parametrize("stage", EngineStage)
def test_every_stage_has_a_number_of_its_own_and_comes_back(stage):
    status = BackendStatus(
        backend="openvino", precision="bf16", serving="torch", stage=stage, build_seconds=2.5, error="why"
    )
    message = Status()
    write_backend_status(message, status)
    assert message.engine_stage == getattr(Status, f"ENGINE_{stage.name}")
    assert read_backend_status(message) == status


def test_the_constants_are_those_of_the_message_file():
    stages = [Status.ENGINE_NONE, Status.ENGINE_WAITING, Status.ENGINE_BUILDING, Status.ENGINE_READY]
    assert [*stages, Status.ENGINE_FAILED, Status.ENGINE_TOO_LARGE] == [0, 1, 2, 3, 4, 5]


def test_a_node_that_is_not_configured_has_no_backend():
    assert read_backend_status(Status()) is None
