"""Results of the segmentation of an image."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..network import EOVSeg, EOVSegOutput
from ..vocabulary import EncodedVocabulary, Vocabulary
from .mask_sizes import MaskSizes, upsample_masks, upsampled_bands
from .panoptic import Instances, fuse_instances, fuse_semantic
from .segments import Segment, SegmentFeatures


def query_features(output: EOVSegOutput) -> Tensor:
    """Return (B, N, hidden_dim + text_dim + C) float32, in one piece for one copy."""
    probabilities = output.final_class_logits.softmax(-1)[..., :-1]
    parts = (output.object_kernels, output.class_embeddings, probabilities)
    return torch.cat([part.float() for part in parts], dim=-1)


@torch.no_grad()
def class_probabilities(model: EOVSeg, embeddings: np.ndarray, vocabulary: EncodedVocabulary) -> np.ndarray:
    """Classify class embeddings (S, text_dim) by any words, without an image: (S, C + 1) float32, void last.

    These are the decoder's probabilities. The out-of-vocabulary branch has no part in them, because it needs
    the image.

    Example:
        >>> from eovseg_model import EOVSegPredictor
        >>> predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["wall|stuff"], device="cpu")
        >>> found = predictor(np.full((96, 128, 3), 200, np.uint8)).segment_features
        >>> words = predictor.encode(["red mug", "wall|stuff"])
        >>> class_probabilities(predictor.model, found.embeddings, words).argmax(1).tolist()
        [1]
    """
    rows = torch.from_numpy(np.asarray(embeddings, np.float32)).to(model.device)
    return model.classify_embeddings(rows[None], vocabulary.text)[0].softmax(-1).cpu().numpy()


@dataclass(frozen=True)
class PanopticResult:
    """Result of an image; semantic and instances are computed on first access.

    map (H, W) int32 holds segment ids at the output size, 0 void, on the device of the network. label_image
    (H, W) uint16 is the same as an array in host memory. class_logits (N, C + 1) and mask_logits
    (N, H'/4, W'/4) are those of the last decoder stage, H' and W' the size of the padded input.
    final_class_logits (N, C + 1) are the log probabilities after the ensemble. Void is the last class.
    segment_features has a row for each segment.

    Example:
        >>> from eovseg_model import EOVSegPredictor
        >>> predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["wall|stuff"], device="cpu")
        >>> result = predictor(np.full((96, 128, 3), 200, np.uint8), output_size=(48, 64))
        >>> result.label_image.shape, tuple(result.semantic.shape), result.instances.class_ids.tolist()
        ((48, 64), (48, 64), [])
    """

    map: Tensor
    label_image: np.ndarray
    segments: list[Segment]
    segment_features: SegmentFeatures
    class_logits: Tensor
    mask_logits: Tensor
    final_class_logits: Tensor
    vocabulary: Vocabulary
    _sizes: MaskSizes

    @cached_property
    def semantic(self) -> Tensor:
        """Class index of every pixel (H, W) int64, never void."""
        bands = upsampled_bands(
            self.mask_logits, self._sizes
        )  # all classes of a whole image need too much memory
        return torch.cat([fuse_semantic(self.final_class_logits, band) for band in bands])

    @cached_property
    def instances(self) -> Instances:
        """Things with scores, class ids and masks (I, H, W), by descending score."""
        masks = upsample_masks(self.mask_logits, self._sizes)
        return fuse_instances(self.final_class_logits, masks, self.vocabulary.is_thing)
