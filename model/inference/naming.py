"""Names of segments from their class embeddings, without an image."""

import numpy as np
import torch

from ..vocabulary import EncodedVocabulary
from .predictor import EOVSegPredictor


@torch.no_grad()
def class_probabilities(
    predictor: EOVSegPredictor, embeddings: np.ndarray, vocabulary: EncodedVocabulary
) -> np.ndarray:
    """Classify class embeddings (S, text_dim), as `SegmentFeatures` has them: (S, C + 1) float32, void last.

    These are the decoder's probabilities for the vocabulary. The out-of-vocabulary branch has no part in
    them, because it needs the image.

    Example:
        >>> from eovseg_model import EOVSegPredictor
        >>> predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["wall|stuff"], device="cpu")
        >>> found = predictor(np.full((96, 128, 3), 200, np.uint8)).segment_features
        >>> words = predictor.encode(["red mug", "wall|stuff"])
        >>> class_probabilities(predictor, found.embeddings, words).argmax(1).tolist()
        [1]
    """
    rows = torch.from_numpy(np.asarray(embeddings, np.float32)).to(predictor.device)
    logits = predictor.model.classify_embeddings(rows[None], vocabulary.text)[0]
    return logits.softmax(-1).cpu().numpy()
