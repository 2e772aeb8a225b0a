"""The device that a name stands for."""

import pytest
import torch

from eovseg_model.backends.device import resolve_device
from eovseg_model.backends.names import BackendError


def test_auto_is_the_cpu_where_there_is_no_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == torch.device("cpu")


def test_auto_asks_for_cuda_where_there_is_some(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "empty", lambda size, device: asked.append(device) or torch.zeros(size))
    resolve_device("auto")
    assert asked == ["cuda"]


@pytest.mark.parametrize("name", ["toaster", "cuda:99", torch.device("cuda", 99)])
def test_a_device_that_is_not_there_is_one_clear_line(name):
    with pytest.raises(BackendError, match=rf"^device '{name}' cannot be used: .* \(use cpu or auto\)$"):
        resolve_device(name)
