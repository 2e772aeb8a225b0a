"""What the node asks of the model, and the one place that loads it."""

import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from eovseg_model.backends import BackendStatus
from eovseg_model.checkpoint import enable_malloc_options
from eovseg_model.drawing import LabelledSegment
from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.node.parameters import NodeParameters


class EncodedVocabulary(Protocol):
    """Immutable text features of a vocabulary, opaque to the node."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The classes that were encoded."""
        ...


class Prediction(Protocol):
    """The model's answer to one image."""

    @property
    def label_image(self) -> np.ndarray:
        """(H, W) segment ids, 0 = void: an array on the host, wherever the model computes."""
        ...

    @property
    def segments(self) -> Sequence[LabelledSegment]:
        """The segments of the label image."""
        ...


class Predictor(Protocol):
    """A model in eval mode; `encode` and as many calls as it was loaded for may run at the same time."""

    @property
    def device(self) -> Any:
        """Where it computes, in PyTorch's words."""
        ...

    @property
    def backend_status(self) -> BackendStatus:
        """Backend and precision, and how far the engine is that the last image needed."""
        ...

    def encode(self, vocabulary: Vocabulary) -> EncodedVocabulary:
        """Encode the names of a vocabulary; slow."""
        ...

    def __call__(
        self,
        image: np.ndarray,
        *,
        short_side: int,  # pixels; 0: the variant's, -1: not resized
        vocabulary: Any,  # an EncodedVocabulary of this predictor's own
        object_threshold: float,
        overlap_threshold: float | None,
    ) -> Prediction:
        """Segment an (H, W, 3) uint8 RGB image, resized inside; the answer has the image's size."""
        ...


def load_predictor(parameters: NodeParameters) -> Predictor:
    """Load the model that the parameters name; ValueError or OSError says what is wrong with them.

    Sets PyTorch's threads and malloc's options: the process is the node's own.
    """
    import torch

    from eovseg_model.inference import EOVSegPredictor

    enable_malloc_options()
    if parameters.threads:
        torch.set_num_threads(parameters.threads)
    return EOVSegPredictor.from_checkpoint(
        parameters.variant,
        os.path.expanduser(parameters.checkpoint) or None,
        vocabulary=("object",),  # every call brings its own, and the node's may name files
        device=parameters.device,
        backend=parameters.backend,
        precision=parameters.precision,
        parallel_calls=parameters.parallel_frames,
    )
