"""What torch-tensorrt 2.14 cannot or should not be given, by its lists of converters and decompositions."""

import operator
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch._decomp import decomposition_table
from torch.export import ExportedProgram
from torch.fx import Node

LISTS = Path(__file__).parents[1] / "data" / "torch_tensorrt_2_14"
MOST_TOP = 3840  # TensorRT's largest k
LOWERED = {"aten._assert_tensor_metadata.default"}  # taken out before conversion
FORBIDDEN = ("scatter_add", "scatter_reduce", "nonzero", "bincount", "deform_conv2d", "masked_select")


def complaints(program: ExportedProgram) -> list[str]:
    """Every operator of the decomposed program that torch-tensorrt has no converter for or does badly."""
    converters = set(_lines("converters.txt"))
    decomposed = program.run_decompositions(_decompositions())
    found = {
        complaint
        for node in _not_constant(decomposed)
        for complaint in (_missing(node, converters), _bad_form(node))
        if complaint
    }
    return sorted(found)


def _lines(name: str) -> list[str]:
    return (LISTS / name).read_text(encoding="utf-8").split()


def _decompositions() -> dict[torch._ops.OperatorBase, Callable]:
    """The operators that torch-tensorrt decomposes; three of its own decompositions, else torch's."""
    aten, default = torch.ops.aten, torch.export.default_decompositions()
    own = {
        aten.view.default: lambda x, size: aten._reshape_copy.default(x, size),
        aten.full_like.default: lambda x, value, **_: torch.full(
            x.shape, value, dtype=x.dtype, device=x.device
        ),
        aten.lift_fresh_copy.default: lambda x: x,
    }
    table = {}
    for line in _lines("decompositions.txt"):
        namespace, packet, overload = line.split(".")
        target = getattr(getattr(getattr(torch.ops, namespace), packet), overload)
        if target in own:
            table[target] = own[target]
        elif target in default:
            table[target] = default[target]
        elif target in decomposition_table:
            table[target] = decomposition_table[target]
    return table


def _not_constant(program: ExportedProgram) -> Iterator[Node]:
    """The calls that depend on an input; torch-tensorrt computes the others when it builds."""
    inputs, dependent = set(program.graph_signature.user_inputs), set()
    for node in program.graph.nodes:
        if node.name in inputs or not dependent.isdisjoint(node.all_input_nodes):
            dependent.add(node)
            if node.op == "call_function":
                yield node


def _missing(node: Node, converters: set[str]) -> str | None:
    if node.target is operator.getitem or str(node.target) in LOWERED:
        return None
    target = str(node.target)
    packet = target.rpartition(".")[0]
    return None if {f"torch.ops.{target}", f"torch.ops.{packet}"} & converters else f"no converter: {target}"


def _bad_form(node: Node) -> str | None:
    name = str(node.target)
    if any(word in name for word in FORBIDDEN):
        return f"avoid: {name}"
    if name.startswith("aten.index.") or name.startswith("aten.index_put"):
        indices = [i for i in node.args[1] if i is not None]
        if any(i.meta["val"].dtype in (torch.bool, torch.uint8) for i in indices):
            return f"boolean index: {name}"
    if name == "aten.max.dim" or name == "aten.min.dim":
        if {user.args[1] for user in node.users} == {0, 1}:
            return f"both outputs used: {name}"
    if name == "aten.topk.default" and node.args[1] > MOST_TOP:
        return f"k over {MOST_TOP}: {name}"
    if "scaled_dot_product" in name and len({node.args[i].meta["val"].shape for i in (1, 2)}) > 1:
        return f"keys and values of unequal shape: {name}"
    if name == "aten.convolution.default" and node.args[8] > 1 and not _is_weight(node.args[1]):
        return f"grouped convolution with weights made at run time: {name}"
    return None


def _is_weight(node: Node) -> bool:
    return node.op == "placeholder" and node.name.startswith(("p_", "b_", "c_"))
