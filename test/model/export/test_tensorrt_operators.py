"""Every operator of the exported graphs has a converter in torch-tensorrt 2.14; nothing here needs a GPU."""

import pytest
import torch
from tensorrt_operators import complaints
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from eovseg_model.export.half_precision import set_precision
from eovseg_model.export.program import export_program
from eovseg_model.export.text_padding import TextShape
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS


@pytest.mark.parametrize(
    "variant", ["tiny", "l", *(pytest.param(v, marks=pytest.mark.slow) for v in ("s", "m"))]
)
def test_tensorrt_has_a_converter_for_every_operator(variant):
    with torch.device("meta"):  # no weights: only the operators count
        model = build_model(CONFIGS[variant])
    program = export_program(model, (96, 128), TextShape(16, 3))
    assert complaints(program) == []
    set_precision(program, "fp16")
    assert complaints(program) == []


def test_the_other_form_of_the_deformable_convolution_is_none_for_tensorrt():
    model = build_model(CONFIGS["tiny"])
    program = export_program(model, (96, 128), TextShape(16, 3), one_operator_deform=True)
    found = complaints(program)
    assert "avoid: torchvision.deform_conv2d.default" in found
    assert "no converter: torchvision.deform_conv2d.default" in found


def both_outputs(x: Tensor) -> Tensor:
    values, indices = x.max(-1)
    return values + indices


def grouped(x: Tensor) -> Tensor:
    return torch.nn.functional.conv2d(x, x[:2].mean((1,), keepdim=True)[:, :, :3, :3], groups=2)


def deformed(x: Tensor) -> Tensor:
    return deform_conv2d(x, x.repeat(1, 9, 1, 1), torch.ones(2, 2, 3, 3), padding=1)


def unequal_attention(x: Tensor) -> Tensor:
    return nn.functional.scaled_dot_product_attention(x, x, x[..., :5])


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (lambda x: torch.linalg.svdvals(x), "no converter"),
        (lambda x: torch.zeros_like(x).scatter_add(0, x.long() * 0, x), "scatter_add"),
        (lambda x: x[x > 0], "boolean index"),
        (lambda x: (x > 0).nonzero(), "nonzero"),
        (lambda x: torch.bincount(x.flatten().long().clamp(min=0)), "bincount"),
        (both_outputs, "both outputs used"),
        (lambda x: x.repeat(1, 1, 20, 20).flatten().topk(4000).values, "k over 3840"),
        (unequal_attention, "unequal shape"),
        (grouped, "made at run time"),
        (deformed, "deform_conv2d"),
    ],
)
def test_a_bad_form_is_found(function, complaint):
    class Network(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return function(x)

    program = torch.export.export(Network(), (torch.randn(2, 2, 8, 8),), strict=False)
    assert any(complaint in found for found in complaints(program)), complaints(program)


def test_nothing_is_wrong_with_a_converted_operator():
    program = torch.export.export(nn.Conv2d(4, 4, 3, groups=4), (torch.randn(1, 4, 8, 8),), strict=False)
    assert complaints(program) == []
