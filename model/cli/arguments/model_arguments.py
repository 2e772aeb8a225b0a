"""The arguments that choose a model and a device, and the predictor that they mean."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...inference import VARIANT_SHORT_SIDE, check_short_side
from ...network import CONFIGS
from .errors import CommandError

if TYPE_CHECKING:
    from ...inference import EOVSegPredictor


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --variant, --checkpoint, --device, --backend, --precision and --short-side."""
    add = parser.add_argument
    add("--variant", choices=CONFIGS, default="s")
    add("--checkpoint", type=Path, help="weights; default: what `eovseg weights fetch` got")
    add("--device", default="cpu", help="cpu (default), cuda, cuda:1, ...")
    add("--backend", default="torch", help="torch (default), plain, ...; a wrong one lists all")
    add("--precision", default="fp32", help="fp32 (default), bf16, int8 or fp16, where the backend has it")
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
    except (RuntimeError, AssertionError) as error:  # torch's words for a device that is not there
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
