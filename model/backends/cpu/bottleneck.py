"""A block of CLIP's ResNet, with batch norms, activations and sum fused into three convolutions."""

import torch
from open_clip.modified_resnet import Bottleneck
from torch import Tensor, nn

from .convolution import PackedConv2d


class PackedBottleneck(nn.Module):
    """An open_clip `Bottleneck` with folded batch norms, for inference."""

    def __init__(self, block: Bottleneck, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.conv1 = PackedConv2d(block.conv1, dtype, activation="relu")
        self.conv2 = PackedConv2d(block.conv2, dtype, activation="relu")
        self.avgpool = block.avgpool
        self.conv3 = PackedConv2d(block.conv3, dtype)
        self.downsample = block.downsample or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        return self.conv3.add_relu(self.avgpool(self.conv2(self.conv1(x))), self.downsample(x))
