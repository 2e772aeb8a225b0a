"""The arguments that choose a model and a device, and the predictor that they mean."""

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

DEVICE_HELP = "auto (CUDA where there is some, else cpu), cpu, cuda, cuda:1, ... (default: %(default)s)"
BACKEND_HELP = f"{', '.join(BACKENDS)} (default: %(default)s)"
PRECISION_HELP = "fp32, bf16, int8 or fp16, where the backend has it (default: %(default)s)"


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --variant, --checkpoint, --device, --backend, --precision and --short-side."""
    add = parser.add_argument
    add("--variant", choices=CONFIGS, default="s")
    add("--checkpoint", type=Path, help="weights; default: what `eovseg weights fetch` got")
    add("--device", default=DEFAULT_DEVICE, help=DEVICE_HELP)
    add("--backend", default=DEFAULT_BACKEND, help=BACKEND_HELP)
    add("--precision", default=DEFAULT_PRECISION, help=PRECISION_HELP)
    text = "pixels; 0: what the variant was made for (default), -1: no resizing"
    add("--short-side", type=_short_side, default=VARIANT_SHORT_SIDE, metavar="PIXELS", help=text)


def load_predictor(arguments: argparse.Namespace, vocabulary: Sequence[str]) -> "EOVSegPredictor":
    """The predictor that the arguments mean; CommandError if it cannot be loaded."""
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
            patient=True,  # what is written must not come from another backend than the one asked for
        )
    except (BackendError, CheckpointError, VocabularyError) as error:
        raise CommandError(str(error)) from error
    except RuntimeError as error:  # out of memory, for example
        reason = str(error).splitlines()[0]
        raise CommandError(f"cannot load on --device {arguments.device}: {reason}") from error


def _short_side(text: str) -> int:
    try:
        short_side = int(text)
        check_short_side(short_side)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a number of pixels, 0 (what the variant was made for) or -1 (no resizing), not {text!r}"
        ) from None
    return short_side
