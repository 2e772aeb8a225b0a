"""Names that other packages do not document: where the model uses them, why, and that they exist.

They are the reason for the upper bounds of pyproject.toml. A new one needs an entry and a reason here.
"""

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from eovseg_model.network import CONFIGS, build_model

ROOT = Path(__file__).parents[2]
OWN = {"eovseg_model", "eovseg_ros"}
OF_NAMED_TUPLES = {"_asdict", "_fields", "_make", "_replace"}  # documented in spite of their underscore


class Use(NamedTuple):
    """Where a name is used, and why."""

    files: set[str]
    reason: str


ONEDNN = (
    "a layer and its activation in one pass over weights that oneDNN has packed; no public layer does this"
)
PRIVATE = {
    "torch.ops.mkldnn._convolution_pointwise.default": Use({"model/backends/cpu/convolution.py"}, ONEDNN),
    "torch.ops.mkldnn._convolution_pointwise.binary": Use({"model/backends/cpu/convolution.py"}, ONEDNN),
    "torch.ops.mkldnn._reorder_convolution_weight": Use({"model/backends/cpu/convolution.py"}, ONEDNN),
    "torch.ops.mkldnn._linear_pointwise": Use({"model/backends/cpu/linear.py"}, ONEDNN),
    "torch.ops.mkldnn._reorder_linear_weight": Use({"model/backends/cpu/linear.py"}, ONEDNN),
    "torch.ops.mkldnn._convolution_transpose_pointwise": Use(
        {"model/backends/cpu/transposed_convolution.py"}, ONEDNN
    ),
    "torch.ops.mkldnn._reorder_convolution_transpose_weight": Use(
        {"model/backends/cpu/transposed_convolution.py"}, ONEDNN
    ),
    "torch.ops.onednn.qlinear_prepack": Use({"model/backends/cpu/quantized_linear.py"}, ONEDNN),
    "torch.ops.onednn.qlinear_pointwise": Use({"model/backends/cpu/quantized_linear.py"}, ONEDNN),
    "torch.ops.mkldnn._is_mkldnn_bf16_supported": Use(
        {"model/backends/names.py"},
        "whether this CPU computes in bfloat16; the public functions ask CUDA only",
    ),
    "torch.cpu._is_vnni_supported": Use(
        {"model/backends/loading.py"}, "whether this CPU multiplies in int8; no public function says so"
    ),
    "torch._inductor.aoti_compile_and_package": Use(
        {"model/backends/engines/compile_maker.py"}, "documented, in spite of its module's name"
    ),
    "torch._inductor.aoti_load_package": Use(
        {"model/backends/engines/compile_maker.py"}, "documented, in spite of its module's name"
    ),
    "torch.ops.aten._to_copy.default": Use(
        {"model/export/half_precision.py"}, "the cast of an exported graph, in core ATen"
    ),
    "torch.nn.modules.batchnorm._BatchNorm": Use(
        {"model/training/optimization/optimizer.py"}, "the base class of all batch norms"
    ),
}
# Submodules of open_clip; its documentation has whole models only.
OPEN_CLIP = {
    "open_clip.modified_resnet.AttentionPool2d": "the ResNet's head, applied to masks",
    "open_clip.modified_resnet.Bottleneck": "replaced by a packed block for inference",
    "open_clip.modified_resnet.ModifiedResNet": "the trunk of S and M",
    "open_clip.timm_model.TimmModel": "the trunk of L",
    "open_clip.tokenizer.tokenize": "CLIP's tokens",
    "open_clip.transformer.QuickGELU": "the activation of the ViT and of the packed block",
    "open_clip.transformer.TextTransformer": "the text tower",
}
# Attributes of these modules that the network uses: variant and path of the module -> names.
ATTRIBUTES = {
    ("s", "text_encoder.tower"): {
        *("attn_mask", "build_causal_mask", "context_length", "ln_final", "positional_embedding"),
        *("text_projection", "token_embedding", "transformer"),
    },
    ("s", "backbone.tower"): {"attnpool", "layer1", "layer2", "layer3", "layer4", "stem"},
    ("s", "backbone.tower.attnpool"): {
        *("c_proj", "k_proj", "num_heads", "positional_embedding", "q_proj", "v_proj"),
    },
    ("s", "backbone.tower.layer1.0"): {"avgpool", "conv1", "conv2", "conv3", "downsample"},
    ("l", "backbone.tower"): {"head", "trunk"},
    ("l", "backbone.tower.trunk"): {"head", "norm_pre", "stages", "stem"},
}
HOLDERS = {"tower", "trunk", "attnpool"}  # what the code calls these modules
HOLDERS_IN = {
    "model/network/features/backbone.py": {"pool"},
    "model/backends/cpu/bottleneck.py": {"block"},
}
ROOMS_OF_MODULES = ("model/network/", "model/backends/", "model/training/")


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / "model").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def third_party(module: str) -> bool:
    return module.split(".")[0] not in OWN | set(sys.stdlib_module_names)


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Name in a file -> full name of the module or object of another package that it stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return {name: full for name, full in names.items() if third_party(full)}


def dotted(node: ast.expr) -> list[str]:
    """The parts of `a.b.c`, outermost first; "?" for what is no name."""
    if isinstance(node, ast.Attribute):
        return [*dotted(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else ["?"]


def private(part: str) -> bool:
    return part.startswith("_") and not part.startswith("__") and part not in OF_NAMED_TUPLES


def undocumented(full: str) -> bool:
    """Whether a full name has a private part or is an operator outside ATen."""
    operator = full.startswith("torch.ops.") and full.count(".") > 2
    return any(map(private, full.split("."))) or operator and not full.startswith("torch.ops.aten.")


def private_names(tree: ast.Module) -> Iterator[str]:
    """Full names, and "?.name" for a private attribute of an object whose origin the file does not show."""
    imported = imported_names(tree)
    yield from (full for full in imported.values() if undocumented(full))
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    standard = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or id(node) in inner:
            continue
        root, *rest = dotted(node)
        if root in imported:
            full = ".".join([imported[root], *rest])
            if undocumented(full):
                yield full
        elif root not in standard and root not in ("self", "cls") and any(map(private, rest)):
            yield "?." + rest[-1]


def test_private_names_are_those_of_the_list() -> None:
    found: dict[str, set[str]] = {}
    for file, tree in sources():
        for name in private_names(tree):
            found.setdefault(name, set()).add(file)
    assert found == {name: use.files for name, use in PRIVATE.items()}


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.nn.functional._pad(x)",
        "from torch import nn\nnn.Module._call_impl",
        "import torch.nn.functional as F\nF._threshold",
        "from torch._dynamo import config",
        "import torch\ntorch.ops.quantized.linear(x)",
        "import torch\nlinear = torch.ops.quantized.linear.default",
        "model.backbone._modules",
        "list_of()[0]._version",
    ],
)
def test_a_private_name_is_found(source: str) -> None:
    assert len(set(private_names(ast.parse(source)))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos._exit(1)",
        "class A:\n    def f(self):\n        self._x = self._y",
        "import torch\ntorch.ops.aten.conv2d.default\ntorch.nn.Module.__call__",
        "row._replace(a=1)",
    ],
)
def test_other_names_are_not(source: str) -> None:
    assert list(private_names(ast.parse(source))) == []


@pytest.mark.parametrize("name", [name for name in PRIVATE if name.startswith("torch.")])
def test_a_private_name_of_torch_exists(name: str) -> None:
    if "mkldnn" in name and not torch.backends.mkldnn.is_available():
        pytest.skip("torch was built without oneDNN")
    importlib.import_module("torch._inductor")
    value: object = torch
    for part in name.split(".")[1:]:
        value = getattr(value, part)
    assert callable(value)


def test_what_is_imported_from_open_clip_and_timm_is_on_the_list_and_exists() -> None:
    found = {
        full
        for _, tree in sources()
        for full in imported_names(tree).values()
        if full.split(".")[0] in ("open_clip", "timm") and "." in full
    }
    assert found == set(OPEN_CLIP)
    for full in found:
        module, _, name = full.rpartition(".")
        assert hasattr(importlib.import_module(module), name)


def test_attributes_of_their_modules_are_on_the_list() -> None:
    found = set()
    for file, tree in sources():
        if file.startswith(ROOMS_OF_MODULES):
            holders = HOLDERS | HOLDERS_IN.get(file, set())
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and dotted(node.value)[-1] in holders:
                    found.add(node.attr)
    assert found == set().union(*ATTRIBUTES.values())


@pytest.mark.parametrize("variant", ["s", "l"])
def test_attributes_of_their_modules_exist(variant: str) -> None:
    with torch.device("meta"):
        model = build_model(CONFIGS[variant])
    for (owner, path), names in ATTRIBUTES.items():
        if owner == variant:
            module = model.get_submodule(path)
            assert {name for name in names if not hasattr(module, name)} == set(), path
