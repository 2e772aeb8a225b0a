"""Insert half precision into a graph, for runtimes that compute in the types of the graph."""

import torch
from torch.export import ExportedProgram
from torch.fx import Graph, Node

PRECISIONS = ("fp32", "fp16")
# These parts are nearly all of the work. Their sampling positions and embeddings stay float32. So do, in all
# parts, sums over masks, which would overflow, norms, softmaxes and the logarithms of the classification.
PARTS = ("model.backbone", "model.spatial_extractor", "model.aggregator", "model.vas")
FULL_PRECISION = ("dcn_offset", "attnpool", "head")  # half precision is sufficient for image features only
OPERATORS = (
    torch.ops.aten.conv2d.default,
    torch.ops.aten.conv_transpose2d.input,
    torch.ops.aten.linear.default,
)


def set_precision(program: ExportedProgram, precision: str) -> None:
    """With "fp16", insert casts around convolutions and linear layers of the features, in place.

    "fp32" changes nothing. Inputs and outputs keep their types. Raises ValueError for another precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; choose from: {', '.join(PRECISIONS)}")
    if precision == "fp16":
        graph = program.graph
        for node in list(graph.nodes):
            if node.target in OPERATORS and _may_be_half(node):
                _compute_in_half(graph, node)
        program.graph_module.recompile()


def _may_be_half(node: Node) -> bool:
    if node.target is torch.ops.aten.conv2d.default and len(node.args) > 6 and node.args[6] != 1:
        return False  # depthwise: little work, and TensorRT requires its weights as constants
    modules = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
    innermost = modules[-1] if modules else ""
    return innermost.startswith(PARTS) and not set(innermost.split(".")).intersection(FULL_PRECISION)


def _compute_in_half(graph: Graph, node: Node) -> None:
    full = node.meta["val"]
    with graph.inserting_before(node):
        tensors = [arg for arg in node.args[:3] if isinstance(arg, Node)]  # input, weight, bias
        halves = {arg: _cast(graph, arg, torch.float16) for arg in tensors}
    node.args = tuple(halves.get(arg, arg) if isinstance(arg, Node) else arg for arg in node.args)
    node.meta["val"] = full.to(torch.float16)
    with graph.inserting_after(node):
        result = _cast(graph, node, torch.float32)
    node.replace_all_uses_with(result, delete_user_cb=lambda user: user is not result)


def _cast(graph: Graph, node: Node, dtype: torch.dtype) -> Node:
    cast = graph.call_function(torch.ops.aten._to_copy.default, (node,), {"dtype": dtype})
    cast.meta["val"] = node.meta["val"].to(dtype)
    return cast
