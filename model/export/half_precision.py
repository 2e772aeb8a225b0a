"""Insert half precision into a graph, for runtimes that compute in the types of the graph."""

import torch
from torch.export import ExportedProgram
from torch.fx import Graph, Node

from .half_layers import is_half

HALF_PRECISIONS = {"fp16": torch.float16, "bf16": torch.bfloat16}
OPERATORS = (
    torch.ops.aten.conv2d.default,
    torch.ops.aten.conv_transpose2d.input,
    torch.ops.aten.linear.default,
)
DEFORMABLE = torch.ops.aten.matmul.default  # the product of a deformable convolution


def set_precision(program: ExportedProgram, precision: str) -> None:
    """With "fp16" or "bf16", insert casts around the products of the features' layers, in place.

    "fp32" changes nothing. Inputs and outputs keep their types. Raises ValueError for another precision.
    """
    if precision == "fp32":
        return
    if precision not in HALF_PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; choose from: fp32, {', '.join(HALF_PRECISIONS)}")
    graph = program.graph
    for node in list(graph.nodes):
        if _may_be_half(node):
            _compute_in_half(graph, node, HALF_PRECISIONS[precision])
    program.graph_module.recompile()


def _may_be_half(node: Node) -> bool:
    modules = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
    path = modules[-1].removeprefix("model.") if modules else ""
    if node.target is DEFORMABLE:
        return path.endswith(".dcn") and is_half(path)
    depthwise = node.target is torch.ops.aten.conv2d.default and len(node.args) > 6 and node.args[6] != 1
    return node.target in OPERATORS and is_half(path) and not depthwise


def _compute_in_half(graph: Graph, node: Node, dtype: torch.dtype) -> None:
    full = node.meta["val"]
    with graph.inserting_before(node):
        tensors = [arg for arg in node.args[:3] if isinstance(arg, Node)]  # input, weight, bias
        halves = {arg: _cast(graph, arg, dtype) for arg in tensors}
    node.args = tuple(halves.get(arg, arg) if isinstance(arg, Node) else arg for arg in node.args)
    node.meta["val"] = full.to(dtype)
    with graph.inserting_after(node):
        result = _cast(graph, node, torch.float32)
    node.replace_all_uses_with(result, delete_user_cb=lambda user: user is not result)


def _cast(graph: Graph, node: Node, dtype: torch.dtype) -> Node:
    cast = graph.call_function(torch.ops.aten._to_copy.default, (node,), {"dtype": dtype})
    cast.meta["val"] = node.meta["val"].to(dtype)
    return cast
