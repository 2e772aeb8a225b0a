"""Layers against independent implementations and arithmetic done by hand."""

import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d

from eovseg_model.network.decoding.decoder import DynamicDepthwiseAttention
from eovseg_model.network.layers import (
    ModulatedDeformConv2d,
    ScaledLayerNorm,
    mask_area,
    masked_mean,
    masked_sum,
    pixel_weight,
)


def test_deformable_convolution_equals_torchvision():
    torch.manual_seed(0)
    conv = ModulatedDeformConv2d(in_channels=5, out_channels=7)
    for height, width in ((6, 9), (1, 4), (1, 1)):
        x = torch.randn(2, 5, height, width)
        offset = 4 * torch.randn(2, 18, height, width)  # far enough to leave the map
        mask = torch.rand(2, 9, height, width)
        expected = deform_conv2d(x, offset, conv.weight, padding=1, mask=mask)
        torch.testing.assert_close(conv(x, offset, mask), expected, rtol=1e-5, atol=1e-5)


def test_deformable_convolution_without_offsets_is_a_convolution():
    torch.manual_seed(0)
    conv = ModulatedDeformConv2d(in_channels=3, out_channels=4)
    x = torch.randn(1, 3, 5, 6)
    out = conv(x, torch.zeros(1, 18, 5, 6), torch.ones(1, 9, 5, 6))
    torch.testing.assert_close(out, F.conv2d(x, conv.weight, padding=1), rtol=1e-5, atol=1e-5)


def test_mask_pooling_by_hand():
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0], [30.0, 40.0]]]])  # two channels, 2x2
    masks = torch.tensor([[[[1, 1], [0, 0]], [[0, 0], [0, 1]], [[0, 0], [0, 0]]]]).bool()
    assert masked_sum(features, masks, 1.0).tolist() == [[[3, 30], [4, 40], [0, 0]]]
    assert masked_sum(features, masks, 0.5).tolist() == [[[1.5, 15], [2, 20], [0, 0]]]
    assert mask_area(masks, 0.5).tolist() == [[[1], [0.5], [0.5]]]
    assert masked_mean(features, masks).tolist() == [[[1.5, 15], [4, 40], [0, 0]]]


@pytest.mark.parametrize(
    ("size", "weight"),
    [((1, 1), 1), ((2, 2), 1 / 2), ((8, 12), 1 / 8), ((120, 160), 1 / 128), ((256, 256), 1 / 256)],
)
def test_weight_of_a_pixel_is_a_power_of_two_near_the_root_of_their_number(size, weight):
    assert pixel_weight(torch.zeros(1, 3, *size, dtype=torch.bool)) == weight


def test_scaled_layer_norm_is_the_norm_of_what_was_scaled():
    torch.manual_seed(0)
    norm = ScaledLayerNorm(8)
    norm.weight.data.normal_()
    norm.bias.data.normal_()
    for x in (torch.randn(3, 8), 1e-3 * torch.randn(3, 8), torch.zeros(3, 8)):
        expected = F.layer_norm(x, (8,), norm.weight, norm.bias, 1e-5)
        assert torch.equal(norm(x), expected)
        assert torch.equal(norm(x / 128, 1 / 128), expected)


class WithoutNorm(torch.nn.Module):
    def forward(self, x, scale):
        return x


def test_dynamic_depthwise_attention_slides_along_the_channels():
    """Kernel (1, 10, 100) over (1, 2, 3): zero padding gives 10+200, 1+20+300, 2+30."""
    attention = DynamicDepthwiseAttention(dim=3)
    with torch.no_grad():
        attention.kernel.weight.zero_()
        attention.kernel.bias.copy_(torch.tensor([1.0, 10.0, 100.0]))
        attention.norm = WithoutNorm()
        out = attention(torch.randn(1, 1, 3), torch.tensor([[[1.0, 2.0, 3.0]]]))
    assert out.tolist() == [[[210.0, 321.0, 32.0]]]
