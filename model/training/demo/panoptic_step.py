"""A training step of EOV-Seg on captioned scenes, with a new vocabulary in every step."""

import random
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...network import EOVSeg, TextEmbeddings
from ..objective.losses import PanopticLoss
from ..objective.matcher import Target
from .captions import SHAPE, CaptionLevel
from .region_contrast import IN_COLOUR, contrast, region_embeddings
from .scenes import Batch, desaturate

LEVEL_SHARES = (0.8, 0.1, 0.1)  # of the steps: full names, shapes, colours
GREY_SHARE = 0.5  # of the steps with shapes only: images without colours
SMALL_VOCABULARY_SHARE = 0.15  # of the steps: a random subset of the classes, the others are no object


class PanopticStep(nn.Module):
    """Losses of a batch; with train_backbone, a contrastive loss keeps the CNN aligned with the text."""

    def __init__(
        self,
        model: EOVSeg,
        levels: Sequence[CaptionLevel],
        loss: PanopticLoss,
        *,
        train_backbone: bool,
    ) -> None:
        super().__init__()
        self.model = model
        self.levels = levels
        self.loss = loss
        self.train_backbone = train_backbone
        self._embeddings = [[model.text_encoder(names) for names in level.classes] for level in levels]

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted losses by name."""
        index = random.choices(range(len(self.levels)), LEVEL_SHARES)[0]
        level = self.levels[index]
        classes = self._choose_classes(level, batch)
        embeddings = self._draw_synonyms([self._embeddings[index][c] for c in classes], batch)
        text = TextEmbeddings(embeddings, torch.arange(len(classes), device=embeddings.device)[:, None])
        targets = self._targets(level, classes, batch)
        grey = index == SHAPE and random.random() < GREY_SHARE
        images = desaturate(batch.images) if grey else batch.images
        with torch.set_grad_enabled(self.train_backbone):
            cnn = self.model.backbone(images)
        stages = self.model.decode(self.model.aggregator(cnn), images, text, every_stage=True)
        num_masks = max(1, sum(len(t.classes) for t in targets))
        losses = self.loss(stages, targets, num_masks)
        if self.train_backbone:
            losses["region"] = self._region_loss(cnn.clip_dense, batch, (SHAPE,) if grey else IN_COLOUR)
        return losses

    def _draw_synonyms(self, embeddings: Sequence[Tensor], batch: Batch) -> Tensor:
        """Draw a text embedding of each class from its synonyms' (S, D): (C, D) on the batch's device."""
        return torch.stack([random.choice(list(e)) for e in embeddings]).to(batch.images.device)

    def _choose_classes(self, level: CaptionLevel, batch: Batch) -> list[int]:
        """Draw all classes of the level in random order, or a random subset."""
        classes = random.sample(range(len(level.classes)), len(level.classes))
        if random.random() < SMALL_VOCABULARY_SHARE:
            classes = classes[: random.randint(3, len(classes))]
        return classes

    def _targets(self, level: CaptionLevel, classes: list[int], batch: Batch) -> list[Target]:
        device = batch.images.device
        place = torch.full((len(level.classes) + 1,), -1, device=device)  # the last entry is for no class
        place[classes] = torch.arange(len(classes), device=device)
        targets = []
        for region in batch.regions:
            truth = place[level.classify(region.categories)]
            targets.append(Target(truth[truth >= 0], region.masks[truth >= 0]))
        return targets

    def _region_loss(self, dense: Tensor, batch: Batch, levels: Sequence[int]) -> Tensor:
        embedding = region_embeddings(self.model.backbone, dense, batch.regions)
        categories = torch.cat([r.categories for r in batch.regions])
        losses = []
        for i in levels:
            text = self._draw_synonyms(self._embeddings[i], batch)
            truth = self.levels[i].classify(categories)
            losses.append(contrast(embedding, text, truth, self.model.clip_logit_scale))
        return torch.stack(losses).mean()
