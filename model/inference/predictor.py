"""Images in, panoptic segmentation out: what users of the library call."""

from collections.abc import Mapping, Sequence
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
    backend_status,
    load_backend,
    resolve_device,
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
from .mask_sizes import MaskSizes
from .panoptic import fuse_panoptic
from .preprocess import check_image, check_output_size, resize_image, to_input
from .results import PanopticResult, Segment
from .short_side import VARIANT_SHORT_SIDE, check_short_side

DEMO_WEIGHTS = Path(__file__).parents[1] / "weights" / "eovseg_tiny.safetensors"


class EOVSegPredictor:
    """A network, a vocabulary and the steps around them; `encode` and calls may run in several threads.

    text_cache keeps encoded names between runs; without one they are kept in memory alone. backend runs
    the network; without one the model does as it is.
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
        """Load a variant ("s", "m", "l", "tiny") from a published checkpoint, one of ours, or what is in one.

        None means the demo weights of the package for "tiny", for the others what `eovseg weights fetch` got.
        A state dict's tensors are taken over, not copied. vocabulary and seen as in `encode`. device "auto"
        is CUDA where there is some, else the CPU. backend "reference" leaves the network as it was trained;
        all others change its layers in place for speed, after which it cannot be trained or saved; "auto" is
        TensorRT where it and CUDA are, else torch. Where one builds an engine, torch serves meanwhile, or, if
        patient, the first image of a size waits for it. parallel_calls: as many calls from several threads
        are worked on at the same time, each on as many threads as PyTorch is set to; more of them take turns.
        Raises ValueError for an unknown variant, BackendError for a backend, precision or device that cannot
        be used here, CheckpointError, with the first keys that do not fit, for missing or wrong weights, and
        what `encode` raises.
        """
        if variant not in CONFIGS:
            raise ValueError(f"unknown variant {variant!r}; there are: {', '.join(CONFIGS)}")
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
        """Backend and precision, and how far the engine is that the last image needed."""
        return backend_status(self._backend)

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return self.model.device

    def encode(
        self, vocabulary: Vocabulary | Sequence[str], seen: Sequence[bool] | None = None
    ) -> EncodedVocabulary:
        """Encode a vocabulary's text; slow the first time a name is met.

        seen, one bool a class, overrides which classes count as seen in training (default: those that
        share a synonym with a training class). Raises VocabularyError for entries that make no sense
        and ValueError if seen has another length. Source: paper, Text Encoder.
        """
        if not isinstance(vocabulary, Vocabulary):
            vocabulary = Vocabulary.parse(vocabulary)
        return self._encoder(vocabulary, seen)

    @torch.no_grad()
    def __call__(
        self,
        image: np.ndarray,
        short_side: int = VARIANT_SHORT_SIDE,
        output_size: tuple[int, int] | None = None,
        vocabulary: EncodedVocabulary | None = None,
        object_threshold: float = 0.0,
        overlap_threshold: float | None = None,
    ) -> PanopticResult:
        """Segment one image (H, W, 3) uint8 RGB.

        short_side: the image is resized so that its short side has that many pixels, its long side
        2560 at most; 0 is what the variant was made for (640, tiny 216), -1 leaves the size as it is.
        output_size: (height, width) of the result, by default the image's own. vocabulary: an
        encoded one, by default the predictor's. The thresholds, from 0 to 1, are those of fuse_panoptic;
        overlap_threshold is by default what the variant was judged with (0.8, tiny 0.6).
        Raises ValueError for anything that is not such an image, and for other sizes.
        Source: paper, Evaluation Protocols.
        """
        check_image(image)
        vocabulary = vocabulary or self.vocabulary
        check_short_side(short_side)
        check_output_size(output_size)
        if short_side == VARIANT_SHORT_SIDE:
            short_side = self.model.config.short_side
        resized = resize_image(image, short_side)
        images = to_input(resized, self.device)
        output = self._backend(images, vocabulary.text, vocabulary.seen)
        output_shape = image.shape[:2] if output_size is None else tuple(output_size)
        sizes = MaskSizes(images.shape[-2:], resized.shape[:2], output_shape)
        if overlap_threshold is None:
            overlap_threshold = self.model.config.overlap_threshold
        is_thing, labels = vocabulary.vocabulary.is_thing, vocabulary.vocabulary.labels
        fused = fuse_panoptic(
            output.final_class_logits[0],
            output.mask_logits[0],
            is_thing,
            object_threshold,
            overlap_threshold,
            sizes,
        )
        segments = [
            Segment(s.id, s.class_id, labels[s.class_id], s.is_thing, s.score, s.area) for s in fused.segments
        ]
        logits = (output.class_logits[0], output.mask_logits[0], output.final_class_logits[0])
        return PanopticResult(fused.map, segments, *logits, vocabulary.vocabulary, sizes)


def _kept_weights(variant: str) -> Path:
    path = DEMO_WEIGHTS if variant == "tiny" else converted_path(cache_folder(), variant)
    if not path.exists():
        raise CheckpointError(
            f"variant {variant!r} needs a weights file: name one, or get the authors' with "
            f"`eovseg weights fetch {variant}`; only tiny comes with the package"
        )
    return path
