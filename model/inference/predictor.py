"""Predictor: panoptic segmentation of images."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..backends import (
    DEFAULT_BACKEND,
    DEFAULT_DEVICE,
    DEFAULT_PRECISION,
    Backend,
    BackendStatus,
    ThreadStreams,
    backend_status,
    close_backend,
    load_backend,
    resolve_device,
    run_once,
    wait_for_device,
)
from ..checkpoint import (
    TEXT_HASH,
    CheckpointError,
    cache_folder,
    converted_path,
    hash_weights,
    read_metadata,
    read_state_dict,
)
from ..network import CONFIGS, EOVSeg, load_model
from ..vocabulary import EncodedVocabulary, TextCache, Vocabulary, VocabularyEncoder
from .input_size import VARIANT_SHORT_SIDE, check_short_side
from .mask_sizes import MaskSizes
from .postprocess import to_results
from .preprocess import check_batch, check_output_size, prepare
from .results import PanopticResult

DEMO_WEIGHTS = Path(__file__).parents[1] / "weights" / "eovseg_tiny.safetensors"


class EOVSegPredictor:
    """Panoptic segmentation of images with a network and a vocabulary; `encode` and calls are thread-safe.

    text_cache keeps encoded names between runs; None keeps them in memory only. backend runs the network;
    None runs the model unchanged.

    Example:
        >>> from eovseg_model import EOVSegPredictor
        >>> predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["mug", "wall|stuff"])
        >>> result = predictor(np.full((96, 128, 3), 200, np.uint8))
        >>> result.label_image.shape
        (96, 128)
        >>> {segment.label for segment in result.segments} <= {"mug", "wall"}
        True
        >>> other = predictor(np.zeros((96, 128, 3), np.uint8), vocabulary=predictor.encode(["red ball"]))
        >>> other.vocabulary.labels
        ('red ball',)
    """

    def __init__(
        self,
        model: EOVSeg,
        vocabulary: Vocabulary | Sequence[str],
        seen: Sequence[bool] | None = None,
        text_cache: TextCache | None = None,
        backend: Backend | None = None,
    ) -> None:
        self.model = model.eval()
        self._backend = backend or model
        self._streams = ThreadStreams()
        self._encoder = VocabularyEncoder(model, text_cache)
        self.vocabulary = self.encode(vocabulary, seen)

    @classmethod
    def from_checkpoint(
        cls,
        variant: str,
        path_or_state_dict: str | Path | Mapping[str, Any] | None = None,
        vocabulary: Vocabulary | Sequence[str] = ("@coco_panoptic",),
        seen: Sequence[bool] | None = None,
        device: str | torch.device = DEFAULT_DEVICE,
        backend: str = DEFAULT_BACKEND,
        precision: str = DEFAULT_PRECISION,
        patient: bool = False,
        parallel_calls: int = 1,
    ) -> "EOVSegPredictor":
        """Load a variant ("s", "m", "l", "tiny") from a weights file or a state dict.

        Args:
            variant: name of the variant.
            path_or_state_dict: published checkpoint or our weights file, or its content, which is not copied.
                None means the package's demo weights for "tiny", else the file from `eovseg weights fetch`.
            vocabulary: as in `encode`.
            seen: as in `encode`.
            device: PyTorch device; "auto" is CUDA if available, else the CPU.
            backend: "reference" runs the unchanged network. All others replace layers in place for speed; the
                network cannot be trained or saved afterwards. "auto" is TensorRT if available, else torch.
            precision: "fp32", "bf16", "int8" or "fp16", if the backend supports it.
            patient: whether the first image of a size waits for the backend's engine; otherwise torch runs
                until the engine is built.
            parallel_calls: calls from different threads that run at the same time, each with PyTorch's number
                of threads; further calls wait.

        Raises ValueError for an unknown variant, BackendError if backend, precision or device cannot be used,
        CheckpointError if the weights are missing or do not fit, and the errors of `encode`.
        """
        if variant not in CONFIGS:
            raise ValueError(f"unknown variant {variant!r}; choose from: {', '.join(CONFIGS)}")
        if path_or_state_dict is None:
            path_or_state_dict = _kept_weights(variant)
        text_hash = None
        if isinstance(path_or_state_dict, Mapping):
            source, state_dict = "the state dict", path_or_state_dict
        else:
            source, state_dict = str(path_or_state_dict), read_state_dict(path_or_state_dict)
            text_hash = read_metadata(path_or_state_dict).get(TEXT_HASH)
        model = load_model(variant, state_dict, source)
        text_hash = text_hash or hash_weights(model.text_encoder.state_dict())
        cache = TextCache(cache_folder(), text_hash)
        model = model.to(resolve_device(device))
        runner = load_backend(backend, model, precision, patient=patient, parallel_calls=parallel_calls)
        return cls(model, vocabulary, seen, cache, runner)

    @property
    def backend_status(self) -> BackendStatus:
        """Backend, precision, and state of the engine for the last image that was no one-off."""
        return backend_status(self._backend)

    def close(self) -> None:
        """End the process that builds an engine, if there is one; for a predictor that is no longer used."""
        close_backend(self._backend)

    @property
    def device(self) -> torch.device:
        """Device of the network."""
        return self.model.device

    def encode(
        self, vocabulary: Vocabulary | Sequence[str], seen: Sequence[bool] | None = None
    ) -> EncodedVocabulary:
        """Encode a vocabulary's text, which is slow for new names.

        seen, one bool per class, overrides which classes count as seen in training (default: those that
        share a synonym with a training class). Raises VocabularyError for invalid entries and ValueError if
        seen has the wrong length. Source: paper, Text Encoder.
        """
        if not isinstance(vocabulary, Vocabulary):
            vocabulary = Vocabulary.parse(vocabulary)
        encoded = self._encoder(vocabulary, seen)
        wait_for_device(self.device)  # before other threads use it
        return encoded

    def __call__(
        self,
        image: np.ndarray,
        short_side: int = VARIANT_SHORT_SIDE,
        output_size: tuple[int, int] | None = None,
        vocabulary: EncodedVocabulary | None = None,
        object_threshold: float = 0.0,
        overlap_threshold: float | None = None,
        one_off: bool = False,
    ) -> PanopticResult:
        """Segment an image (H, W, 3) uint8 RGB.

        Args:
            image: (H, W, 3) uint8 RGB.
            short_side: pixels to which the short side of the image is resized, with a long side of at most
                2560; 0 is the variant's default (640, tiny 216), -1 keeps the size.
            output_size: (height, width) of the result; None is the size of the image.
            vocabulary: an encoded vocabulary; None is the predictor's.
            object_threshold: 0 to 1, as in `fuse_panoptic`.
            overlap_threshold: 0 to 1, as in `fuse_panoptic`; None is the variant's default (0.8, tiny 0.6).
            one_off: for an image between those of a stream, of any size and vocabulary. An engine that is
                ready for it is used, else torch; no engine is built, and `backend_status` does not change.

        Raises ValueError for another shape or dtype, or invalid sizes. Source: paper, Evaluation Protocols.
        """
        thresholds = object_threshold, overlap_threshold
        return self._segment([image], short_side, output_size, vocabulary, *thresholds, one_off)[0]

    def segment_batch(
        self,
        images: Sequence[np.ndarray],
        *,
        short_side: int = VARIANT_SHORT_SIDE,
        vocabulary: EncodedVocabulary | None = None,
        object_threshold: float = 0.0,
        overlap_threshold: float | None = None,
    ) -> list[PanopticResult]:
        """Segment images of one size in one call of the network; the results are those of single calls.

        They differ from these by rounding. Backends with engines have one for each number of images. Raises
        ValueError for images of several sizes or none, and else as a call.

        Example:
            >>> from eovseg_model import EOVSegPredictor
            >>> predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["mug", "wall|stuff"])
            >>> front, rear = predictor.segment_batch([np.zeros((96, 128, 3), np.uint8)] * 2)
            >>> front.label_image.shape
            (96, 128)
        """
        return self._segment(images, short_side, None, vocabulary, object_threshold, overlap_threshold, False)

    @torch.no_grad()
    def _segment(
        self,
        images: Sequence[np.ndarray],
        short_side: int,
        output_size: tuple[int, int] | None,
        vocabulary: EncodedVocabulary | None,
        object_threshold: float,
        overlap_threshold: float | None,
        one_off: bool,
    ) -> list[PanopticResult]:
        check_batch(images)
        check_short_side(short_side)
        check_output_size(output_size)
        vocabulary = vocabulary or self.vocabulary
        if short_side == VARIANT_SHORT_SIDE:
            short_side = self.model.config.short_side
        if overlap_threshold is None:
            overlap_threshold = self.model.config.overlap_threshold
        run = partial(run_once, self._backend) if one_off else self._backend
        with self._streams.call(self.device, tf32=self.backend_status.precision == "tf32"):
            inputs, image_shape = prepare(images, short_side, self.device)
            output = run(inputs, vocabulary.text, vocabulary.seen)
            sizes = MaskSizes(inputs.shape[-2:], image_shape, output_size or images[0].shape[:2])
            thresholds = object_threshold, overlap_threshold
            return to_results(output, vocabulary.vocabulary, self.model.config, *thresholds, sizes)


def _kept_weights(variant: str) -> Path:
    path = DEMO_WEIGHTS if variant == "tiny" else converted_path(cache_folder(), variant)
    if not path.exists():
        raise CheckpointError(
            f"variant {variant!r} needs a weights file: give its path, or download the published one with "
            f"`eovseg weights fetch {variant}`; only tiny comes with the package"
        )
    return path
