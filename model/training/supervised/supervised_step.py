"""A training step of EOV-Seg with one vocabulary and frozen CLIPs, as published."""

import torch
from torch import Tensor, nn

from ...inference import normalise
from ...network import EOVSeg, TextEmbeddings
from ..objective.losses import PanopticLoss
from ..objective.matcher import Target
from .examples import ExampleBatch


class SupervisedStep(nn.Module):
    """Losses of a batch at every decoder stage; text holds the training classes."""

    def __init__(self, model: EOVSeg, text: TextEmbeddings, loss: PanopticLoss) -> None:
        super().__init__()
        self.model = model
        self.text = text
        self.loss = loss

    def forward(self, batch: ExampleBatch) -> dict[str, Tensor]:
        """Return the weighted losses by name."""
        images = normalise(batch.images.float())
        with torch.no_grad():
            cnn = self.model.backbone(images)
        stages = self.model.decode(self.model.aggregator(cnn), images, self.text, every_stage=True)
        targets = [_target(labels, c) for labels, c in zip(batch.labels, batch.classes, strict=True)]
        return self.loss(stages, targets, batch.num_masks)


def _target(labels: Tensor, classes: Tensor) -> Target:
    """Return one mask per segment of labels (H, W) with classes (K,)."""
    ids = torch.arange(1, len(classes) + 1, device=labels.device)
    return Target(classes, (labels == ids[:, None, None]).float())
