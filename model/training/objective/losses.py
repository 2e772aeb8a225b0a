"""Losses of EOV-Seg: classification, point-sampled mask BCE and dice, at every decoder stage."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...network import StageOutput
from .matcher import LossWeights, Target, match
from .points import sample_points, uncertain_points

LOSS_WEIGHTS = LossWeights()


class PanopticLoss:
    """Set loss over the outputs of all stages."""

    def __init__(
        self,
        *,
        weights: LossWeights = LOSS_WEIGHTS,
        no_object: float = 0.1,
        num_points: int = 12544,
        oversample: float = 3.0,
        importance: float = 0.75,
    ) -> None:
        self.weights = weights
        self.no_object = no_object
        self.num_points = num_points
        self.oversample = oversample
        self.importance = importance

    def __call__(
        self, stages: Sequence[StageOutput], targets: Sequence[Target], num_masks: float
    ) -> dict[str, Tensor]:
        """Return the weighted losses "classification", "mask" and "dice", scalars summed over the stages.

        targets has one entry per image. Mask losses are divided by num_masks, the mean number of ground-truth
        segments per process. Computed in float32, also with mixed precision.
        """
        totals: dict[str, Tensor] = {}
        targets = [target._replace(masks=target.masks.float()) for target in targets]
        with torch.autocast(stages[0].class_logits.device.type, enabled=False):
            for stage in stages:
                for name, value in self._stage_losses(stage, targets, num_masks).items():
                    totals[name] = totals.get(name, 0) + getattr(self.weights, name) * value
        return totals

    def _stage_losses(
        self, stage: StageOutput, targets: Sequence[Target], num_masks: float
    ) -> dict[str, Tensor]:
        class_logits, mask_logits = stage.class_logits.float(), stage.mask_logits.float()
        void = class_logits.shape[-1] - 1
        truth = torch.full(class_logits.shape[:2], void, device=class_logits.device)
        logits, masks = [], []
        for b, target in enumerate(targets):
            if len(target.classes) == 0:
                continue
            query, index = match(class_logits[b], mask_logits[b], target, self.weights, self.num_points)
            truth[b, query] = target.classes[index]
            logits.append(mask_logits[b, query])
            masks.append(target.masks[index])
        class_weight = torch.ones(void + 1, device=class_logits.device)
        class_weight[void] = self.no_object
        losses = {
            "classification": F.cross_entropy(class_logits.flatten(0, 1), truth.flatten(), class_weight)
        }
        if not logits:
            zero = mask_logits.sum() * 0
            return losses | {"mask": zero, "dice": zero}
        return losses | self._mask_losses(torch.cat(logits), torch.cat(masks), num_masks)

    def _mask_losses(self, logits: Tensor, masks: Tensor, num_masks: float) -> dict[str, Tensor]:
        points = uncertain_points(logits, self.num_points, self.oversample, self.importance)
        logits, masks = sample_points(logits, points), sample_points(masks, points)
        return {
            "mask": F.binary_cross_entropy_with_logits(logits, masks, reduction="none").mean(1).sum()
            / num_masks,
            "dice": dice_loss(logits, masks).sum() / num_masks,
        }


def dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Return 1 - dice of probabilities and masks at P points, smoothed by 1: (M, P), (M, P) -> (M,)."""
    probability = logits.sigmoid()
    overlap = 2 * (probability * masks).sum(1)
    return 1 - (overlap + 1) / (probability.sum(1) + masks.sum(1) + 1)
