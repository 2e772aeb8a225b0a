"""The network as a `torch.export` graph of fixed sizes, with the text as an input."""

import copy

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from ..network import (
    PADDING,
    EOVSeg,
    EOVSegOutput,
    SpatialExtractor,
    TextEmbeddings,
    VocabularyAwareSelection,
    fold_batch_norms,
)
from .deformable import use_one_operator
from .text_padding import TextShape

INPUT_NAMES = ("images", "text_embeddings", "groups", "penalty", "seen")
OUTPUT_NAMES = EOVSegOutput._fields

Inputs = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


class ExportableNetwork(nn.Module):
    """EOVSeg with tensors as inputs and outputs, in the order of INPUT_NAMES and OUTPUT_NAMES."""

    def __init__(self, model: EOVSeg) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, images: Tensor, text_embeddings: Tensor, groups: Tensor, penalty: Tensor, seen: Tensor
    ) -> tuple[Tensor, ...]:
        """Run the network on normalised images (B, 3, H, W).

        The text is embeddings (T, D), groups (T, K) int64, penalty (T,) and seen (T,). Returns the fields of
        EOVSegOutput with T classes.
        """
        return tuple(self.model(images, TextEmbeddings(text_embeddings, groups, penalty), seen))


@torch.no_grad()
def export_program(
    model: EOVSeg,
    size: tuple[int, int],
    text_shape: TextShape,
    batch: int = 1,
    *,
    one_operator_deform: bool = False,
    runs_on: str = "cpu",
) -> ExportedProgram:
    """Export model, which is not changed, as a float32 graph for images of size (height, width).

    model must have its original modules, not ones packed for a CPU. one_operator_deform keeps the deformable
    convolution as `torchvision.deform_conv2d`; otherwise it becomes grid_sample and a matrix product. runs_on
    is the type of the device that will run the graph: "cpu" cuts VAS and F_s into parts for its cache, "cuda"
    does not. Raises ValueError unless height and width are multiples of 32.
    """
    if any(side <= 0 or side % 32 for side in size):
        raise ValueError(f"height and width must be multiples of 32; got {size[0]}x{size[1]}")
    # Copy without the text tower, because the text is an input.
    network = copy.deepcopy(model, {id(model.text_encoder): nn.Identity()}).eval().requires_grad_(False)
    fold_batch_norms(network)
    if one_operator_deform:
        use_one_operator(network)
    for module in network.modules():
        if isinstance(module, (VocabularyAwareSelection, SpatialExtractor)):
            module.runs_on = runs_on
    inputs = example_inputs(model, size, text_shape, batch)
    return torch.export.export(ExportableNetwork(network).eval(), inputs, strict=False)


def example_inputs(model: EOVSeg, size: tuple[int, int], text_shape: TextShape, batch: int = 1) -> Inputs:
    """Return inputs of the right shapes on the model's device: a zero image, one class, then padding."""
    device = model.device
    T, K = text_shape
    embeddings = torch.zeros(T, model.config.text_dim, device=device)
    embeddings[0, 0] = 1
    groups = torch.full((T, K), T - 1, dtype=torch.int64, device=device)
    groups[0] = 0
    penalty = torch.full((T,), PADDING, device=device)
    penalty[0] = 0
    seen = torch.zeros(T, dtype=torch.bool, device=device)
    return torch.zeros(batch, 3, *size, device=device), embeddings, groups, penalty, seen
