"""Arguments that select a model, a device and a backend, and the predictor for them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...backends import BACKENDS, DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION
from ...inference import VARIANT_SHORT_SIDE, check_short_side
from ...network import CONFIGS
from .errors import CommandError

if TYPE_CHECKING:
    from ...inference import EOVSegPredictor

DEVICE_HELP = "auto (CUDA if available, else cpu), cpu, cuda, cuda:1, ... (default: %(default)s)"
BACKEND_HELP = f"{', '.join(BACKENDS)} (default: %(default)s)"
PRECISION_HELP = "fp32, tf32, bf16, int8 or fp16, if the backend supports it (default: %(default)s)"


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --variant, --checkpoint, --device, --backend, --precision and --short-side."""
    add = parser.add_argument
    add("--variant", choices=CONFIGS, default="s")
    add("--checkpoint", type=Path, help="weights file (default: the file from `eovseg weights fetch`)")
    add("--device", default=DEFAULT_DEVICE, help=DEVICE_HELP)
    add("--backend", default=DEFAULT_BACKEND, help=BACKEND_HELP)
    add("--precision", default=DEFAULT_PRECISION, help=PRECISION_HELP)
    text = "pixels of the short side after resizing; 0: the variant's default, -1: no resizing (default: 0)"
    add("--short-side", type=_short_side, default=VARIANT_SHORT_SIDE, metavar="PIXELS", help=text)


def load_predictor(arguments: argparse.Namespace, vocabulary: Sequence[str]) -> "EOVSegPredictor":
    """Load the predictor that the arguments select. Raises CommandError if that fails."""
    from ...backends import BackendError
    from ...checkpoint import CheckpointError
    from ...inference import EOVSegPredictor
    from ...vocabulary import VocabularyError

    try:
        return EOVSegPredictor.from_checkpoint(
            arguments.variant,
            arguments.checkpoint,
            vocabulary,
            device=arguments.device,
            backend=arguments.backend,
            precision=arguments.precision,
            patient=True,  # all results must come from the requested backend
        )
    except (BackendError, CheckpointError, VocabularyError) as error:
        raise CommandError(str(error)) from error
    except RuntimeError as error:  # out of memory, for example
        reason = str(error).splitlines()[0]
        raise CommandError(f"cannot load the model on --device {arguments.device}: {reason}") from error


def _short_side(text: str) -> int:
    try:
        short_side = int(text)
        check_short_side(short_side)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number of pixels, 0 (the variant's default) or -1 (no resizing); got {text!r}"
        ) from None
    return short_side
