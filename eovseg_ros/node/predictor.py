"""The interface between the node and the model, and the function that loads the model."""

import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from eovseg_model.backends import BackendStatus
from eovseg_model.checkpoint import enable_malloc_options
from eovseg_model.tracking import TrackableFeatures, TrackableResult
from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.node.parameters import NodeParameters

# Compiled kernels that oneDNN and PyTorch keep, in entries: one for each layer and image size, up to 300 for
# one size. With the default of 1024 a camera of many sizes fills a gigabyte with them.
_KERNEL_CACHES = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "512", "LRU_CACHE_CAPACITY": "128"}


class EncodedVocabulary(Protocol):
    """Immutable text features of a vocabulary, opaque to the node."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The encoded classes."""
        ...


class SegmentFeatures(TrackableFeatures, Protocol):
    """What the network says of each segment, with a row for each."""

    @property
    def embeddings(self) -> np.ndarray:
        """Class embeddings (S, D) in the space of the text, L2-normalised."""
        ...


class Prediction(TrackableResult, Protocol):
    """The model's result for one image."""

    @property
    def segment_features(self) -> SegmentFeatures:
        """What the network says of each segment."""
        ...


class Predictor(Protocol):
    """A model; `encode` and `parallel_frames` calls may run at the same time."""

    @property
    def device(self) -> Any:
        """The PyTorch device of the model."""
        ...

    @property
    def backend_status(self) -> BackendStatus:
        """Backend, precision, and the stage of the engine for the last image."""
        ...

    def encode(self, vocabulary: Vocabulary) -> EncodedVocabulary:
        """Encode the names of a vocabulary; slow."""
        ...

    def close(self) -> None:
        """End the process that builds an engine, if there is one."""
        ...

    def __call__(
        self,
        image: np.ndarray,
        *,
        short_side: int,  # pixels; 0: the variant's, -1: not resized
        vocabulary: Any,  # an EncodedVocabulary of this predictor's own
        object_threshold: float,
        overlap_threshold: float | None,
        one_off: bool = False,
    ) -> Prediction:
        """Segment an (H, W, 3) uint8 RGB image; the result has the size of the image.

        one_off is for an image that is no camera's: no engine is built, and `backend_status` does not change.
        """
        ...

    def segment_batch(
        self,
        images: Sequence[np.ndarray],
        *,
        short_side: int,
        vocabulary: Any,
        object_threshold: float,
        overlap_threshold: float | None,
    ) -> Sequence[Prediction]:
        """Segment images of the same size in one call."""
        ...


def load_predictor(parameters: NodeParameters) -> Predictor:
    """Load the model that the parameters select. Raises ValueError or OSError if they are invalid.

    Also sets PyTorch's threads, malloc's options and the size of oneDNN's caches, for the whole process.
    """
    import torch

    from eovseg_model.inference import EOVSegPredictor

    enable_malloc_options()
    for variable, entries in _KERNEL_CACHES.items():
        os.environ.setdefault(variable, entries)
    if parameters.threads:
        torch.set_num_threads(parameters.threads)
    return EOVSegPredictor.from_checkpoint(
        parameters.variant,
        os.path.expanduser(parameters.checkpoint) or None,
        vocabulary=("object",),  # not used: every call has its own vocabulary
        device=parameters.device,
        backend=parameters.backend,
        precision=parameters.precision,
        parallel_calls=parameters.parallel_frames,
    )


def embeddings_by_id(prediction: Prediction) -> dict[int, np.ndarray]:
    """Return the class embedding of each segment by its id."""
    rows = prediction.segment_features.embeddings
    return {segment.id: row for segment, row in zip(prediction.segments, rows, strict=True)}
