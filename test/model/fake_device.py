"""Networks of any size on "cuda" without a GPU, weights and values: devices, types and shapes only."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import simulated_streams
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.eovseg import EOVSeg


class HostCopyError(AssertionError):
    """Something was copied between host and device."""


@contextmanager
def fake_cuda(variant: str) -> Iterator[EOVSeg]:
    """A network of fake tensors on "cuda", for the block.

    Errors in the block: tensors of two devices or of the wrong types in one operator, values that the host
    asks for, and copies between host and device.
    """
    with torch.device("meta"):
        model = build_model(CONFIGS[variant])
    with (
        mock.patch.multiple(torch.cuda, **simulated_streams.FUNCTIONS),
        FakeTensorMode(),
        torch.no_grad(),
    ):
        for module in model.modules():
            for tensors in (module._parameters, module._buffers):
                for name, value in tensors.items():
                    if value is not None:
                        fake = torch.empty(value.shape, dtype=value.dtype, device="cuda")
                        parameter = nn.Parameter(fake, requires_grad=False)
                        tensors[name] = parameter if tensors is module._parameters else fake
        with _NoHostCopies():
            yield model


class _NoHostCopies(TorchDispatchMode):
    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = operator(*args, **kwargs)
        name = operator.overloadpacket.__name__
        if name in ("_to_copy", "copy_"):
            source = args[1] if name == "copy_" else args[0]
            if source.device.type != result.device.type:
                raise HostCopyError(f"{name} from {source.device} to {result.device}")
        return result
