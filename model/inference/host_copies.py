"""Copies between the host and the model's device; only the last one of a call is waited for."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def to_device(arrays: Sequence[np.ndarray], device: torch.device) -> Tensor:
    """Copy B arrays of one shape to a tensor (B, ...) on a device.

    On GPUs in one copy through pinned memory and without waiting. PyTorch keeps pinned memory for the next
    calls, but gives none away before its copy is complete.
    """
    hosts = [torch.from_numpy(np.require(array, requirements=["C", "W"])) for array in arrays]
    if device.type != "cuda":
        return (torch.stack(hosts) if len(hosts) > 1 else hosts[0][None]).to(device)
    pinned = torch.empty((len(hosts), *hosts[0].shape), dtype=hosts[0].dtype, pin_memory=True)
    for part, host in zip(pinned, hosts, strict=True):
        part.copy_(host)
    return pinned.to(device, non_blocking=True)


def to_host(lists: Sequence[Sequence[Tensor]]) -> list[list[np.ndarray]]:
    """Copy lists of tensors of one device to arrays.

    On GPUs the tensors of a list have one shape and are copied in one piece; the host waits once, for all
    lists. On CPUs arrays and tensors share memory.
    """
    device = lists[0][0].device
    if device.type != "cuda":
        return [[tensor.cpu().numpy() for tensor in tensors] for tensors in lists]
    pieces = [torch.stack(list(tensors)) if len(tensors) > 1 else tensors[0][None] for tensors in lists]
    copies = [torch.empty(piece.shape, dtype=piece.dtype, pin_memory=True) for piece in pieces]
    for copy, piece in zip(copies, pieces, strict=True):
        copy.copy_(piece, non_blocking=True)
    torch.cuda.current_stream(device).synchronize()
    return [list(copy.numpy()) for copy in copies]
