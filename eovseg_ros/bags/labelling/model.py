"""The model that labels bags, and what identifies it."""

import hashlib
import json
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from eovseg_ros.bags.labelling.settings import ModelSettings

if TYPE_CHECKING:
    from eovseg_model.inference import EOVSegPredictor
    from eovseg_model.vocabulary import EncodedVocabulary


@dataclass(frozen=True)
class LabelModel:
    """A predictor with an encoded vocabulary; identity is what a result's metadata say of both."""

    predictor: "EOVSegPredictor"
    vocabulary: "EncodedVocabulary"
    settings: ModelSettings
    identity: dict[str, str]


def load_label_model(settings: ModelSettings, threads: int) -> LabelModel:
    """Load the model for this process; threads is PyTorch's number, 0 its default.

    Raises BackendError, CheckpointError, VocabularyError and ValueError, as EOVSegPredictor does.
    """
    import torch

    from eovseg_model.checkpoint import cache_folder, converted_path, enable_malloc_options, sha256_of
    from eovseg_model.inference import DEMO_WEIGHTS, EOVSegPredictor

    enable_malloc_options()
    if threads:
        torch.set_num_threads(threads)
    weights = Path(os.path.expanduser(settings.checkpoint)) if settings.checkpoint else None
    predictor = EOVSegPredictor.from_checkpoint(
        settings.variant,
        weights,
        vocabulary=settings.entries,
        device=settings.device,
        backend=settings.backend,
        precision=settings.precision,
        patient=True,  # all results must come from the requested backend
    )
    default = DEMO_WEIGHTS if settings.variant == "tiny" else converted_path(cache_folder(), settings.variant)
    classes = [[*c.names, c.is_thing] for c in predictor.vocabulary.vocabulary.classes]
    identity = {
        "version": _version(),
        "variant": settings.variant,
        "weights_sha256": sha256_of(weights or default),
        "vocabulary": json.dumps(settings.entries, ensure_ascii=False),
        "vocabulary_sha256": hashlib.sha256(json.dumps(classes).encode()).hexdigest(),
        "device": str(predictor.device),
        "backend": predictor.backend_status.backend,
        "precision": predictor.backend_status.precision,
    }
    return LabelModel(predictor, predictor.vocabulary, settings, identity)


def _version() -> str:
    try:
        return version("eovseg_model")
    except PackageNotFoundError:
        return "unknown"
