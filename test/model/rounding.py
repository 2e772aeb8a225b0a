"""A network run as by hardware of few bits: float32 tensors rounded after every operator, on any CPU."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule, Interpreter, Node
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only


def rounded(value: Any, dtype: torch.dtype) -> Any:
    """float32 tensors in value rounded to what dtype holds, others as they are."""

    def one(x: Tensor) -> Tensor:
        return x.to(dtype).to(x.dtype) if x.dtype == torch.float32 else x

    return tree_map_only(Tensor, one, value)


class _RoundingMode(TorchDispatchMode):
    """Rounds what goes into every operator, weights among it, and what comes out."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self._dtype = dtype

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function._schema.is_mutable:  # relu_ and its like, of what has been rounded
            result = function(*args, **kwargs)
            return tree_map_only(Tensor, lambda x: x.copy_(rounded(x, self._dtype)), result)
        args, kwargs = rounded((args, kwargs), self._dtype)
        return rounded(function(*args, **kwargs), self._dtype)


class _RoundingInterpreter(Interpreter):
    """Rounds every node of a graph: inputs, weights and results."""

    def __init__(self, graph: GraphModule, dtype: torch.dtype) -> None:
        super().__init__(graph)
        self._dtype = dtype

    def run_node(self, n: Node) -> Any:
        return rounded(super().run_node(n), self._dtype)


@torch.no_grad()
def run_rounded(network: nn.Module, inputs: Sequence[Any], dtype: torch.dtype) -> tuple[Tensor, ...]:
    """The outputs of a module, or of the graph of an exported one, in float32 rounded to dtype."""
    if isinstance(network, GraphModule):
        found = _RoundingInterpreter(network, dtype).run(*inputs)
    else:
        with _RoundingMode(dtype):
            found = network(*inputs)
    return tuple(found) if isinstance(found, (tuple, list)) else (found,)
