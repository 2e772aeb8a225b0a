"""What the model logs, as the node's log has it."""

import logging

import pytest

from eovseg_ros.node.startup import command_line


class FakeLogger:
    def __init__(self):
        self.lines = []

    def __getattr__(self, severity):
        return lambda text: self.lines.append((severity, text))


@pytest.mark.parametrize(
    ("level", "severity"),
    [(logging.INFO, "info"), (logging.WARNING, "warning"), (logging.ERROR, "error")],
)
def test_a_message_of_the_model_keeps_its_severity(level, severity, monkeypatch):
    """Why "auto" selects a backend is an info."""
    logger = FakeLogger()
    monkeypatch.setattr(command_line, "get_logger", lambda name: logger)
    record = logging.LogRecord("eovseg_model.backends", level, "", 0, "backend %s", ("torch",), None)
    command_line._RosLog().emit(record)
    assert logger.lines == [(severity, "backend torch")]
