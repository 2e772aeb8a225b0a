"""Classification of ground-truth regions by a model's CLIP: an upper bound for its open vocabulary."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import PanopticSample
from ..inference import to_input
from ..network import EOVSeg


@torch.no_grad()
def name_true_regions(model: EOVSeg, samples: Sequence[PanopticSample], names: Sequence[str]) -> Tensor:
    """Return the index in names of the nearest text for each ground-truth region, image after image: (R,).

    Regions are pooled from the CNN's dense map as in the out-of-vocabulary branch. The result is on the CPU.
    """
    model.eval()
    text = model.text_encoder(names)
    named = []
    for sample in samples:
        images = to_input(sample.image, text.device)
        masks = np.stack([sample.id_map == s.id for s in sample.segments])
        height, width = sample.id_map.shape
        padding = (0, images.shape[-1] - width, 0, images.shape[-2] - height)
        padded = F.pad(torch.from_numpy(masks).to(text.device, torch.float32), padding)
        dense = model.backbone(images).clip_dense
        cells = F.adaptive_avg_pool2d(padded, dense.shape[-2:])
        inside = cells >= cells.amax((1, 2), keepdim=True).clamp(
            max=0.5
        )  # at least the cell with the largest share
        embedding = model.backbone.pool_masks(dense, inside[None])[0]
        named.append((F.normalize(embedding, dim=-1) @ text.T).argmax(1))
    return torch.cat(named).cpu()
