"""What the parts run: networks with made-up weights, pictures, text, and what the CPU makes of them."""

import copy
import functools
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...backends import Backend, BackendError, backend_status, check_backend, close_backend, load_backend
from ...inference import EOVSegPredictor, PanopticResult
from ...network import EOVSeg
from ...vocabulary import EncodedVocabulary, Vocabulary
from ..synthetic import synthetic_model, synthetic_picture, synthetic_text
from .part import Part
from .setting import Setting


class UnavailableError(Exception):
    """Raised if a backend or a precision cannot be used on this machine; the message is the reason."""


class Loaded(NamedTuple):
    """A backend with its predictor, ready to segment pictures."""

    model: EOVSeg
    backend: Backend
    segment: Callable[[np.ndarray], PanopticResult]
    start_seconds: float  # loading, building and the first picture
    build_seconds: float  # of an engine

    def close(self) -> None:
        """For a backend that is no longer used."""
        close_backend(self.backend)


def check_available(part: Part, device: torch.device) -> None:
    """Raise UnavailableError if the part's backend or precision cannot be used."""
    try:
        check_backend(part.backend, part.precision, device)
    except BackendError as error:
        raise UnavailableError(str(error)) from error


def load(part: Part, setting: Setting, device: torch.device) -> Loaded:
    """Load the part's backend and segment a picture, for which an engine is built if none is in the cache.

    Raises UnavailableError if it cannot be used, BackendError if it does not work.
    """
    check_available(part, device)
    model = fresh_model(part.variant, device)
    start = now(device)
    backend = load_backend(part.backend, model, part.precision, patient=True)
    loading = now(device) - start
    segment = segmenter(model, backend, setting)
    start = now(device)
    segment(pictures(setting)[0])
    first = now(device) - start
    return Loaded(model, backend, segment, loading + first, backend_status(backend).build_seconds)


def fresh_model(variant: str, device: torch.device) -> EOVSeg:
    """Return a network on the device; backends change it in place."""
    return copy.deepcopy(_plain_model(variant)).to(device)


def pictures(setting: Setting) -> list[np.ndarray]:
    """Return a picture for each camera."""
    return [synthetic_picture(setting.picture, seed) for seed in range(setting.cameras)]


@functools.cache
def on_cpu(variant: str, setting: Setting) -> PanopticResult:
    """Return what the unchanged network makes of the first picture on the CPU."""
    model = _plain_model(variant)
    return segmenter(model, model, setting)(pictures(setting)[0])


def now(device: torch.device) -> float:
    """Return the time in seconds, once the device has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def norm_of_difference(found: Tensor, expected: Tensor) -> float:
    """Return the norm of the difference, relative to the norm of what is expected on the CPU."""
    found, expected = found.detach().cpu().double(), expected.double()
    return float(torch.linalg.vector_norm(found - expected) / torch.linalg.vector_norm(expected))


def segmenter(model: EOVSeg, backend: Backend, setting: Setting) -> Callable[[np.ndarray], PanopticResult]:
    """A predictor's call, with made-up text instead of encoded names."""
    predictor = EOVSegPredictor(model, ["wall|stuff"], backend=backend)
    text, seen = synthetic_text(setting.classes, model.config.text_dim, str(model.device))
    vocabulary = Vocabulary.parse([f"class {index}" for index in range(setting.classes)])
    encoded = EncodedVocabulary(vocabulary, text, seen)

    def segment(picture: np.ndarray) -> PanopticResult:
        result = predictor(picture, short_side=setting.short_side, vocabulary=encoded)
        _ = result.label_image  # on the host: what a user waits for
        return result

    return segment


@functools.cache
def _plain_model(variant: str) -> EOVSeg:
    return synthetic_model(variant)
