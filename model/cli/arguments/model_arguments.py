"""The arguments that choose a model and a device, and the predictor that they mean."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...network import CONFIGS
from .errors import CommandError

if TYPE_CHECKING:
    from ...inference import EOVSegPredictor

VARIANT = "variant"  # the short side that the variant was made for


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare --variant, --checkpoint, --device, --backend, --precision and --short-side."""
    add = parser.add_argument
    add("--variant", choices=CONFIGS, default="s")
    add("--checkpoint", type=Path, help="weights; default: what `eovseg weights fetch` got")
    add("--device", default="cpu", help="cpu (default), cuda, cuda:1, ...")
    add("--backend", default="torch", help="torch (default), plain, ...; a wrong one lists all")
    add("--precision", default="fp32", help="fp32 (default), bf16, int8 or fp16, where the backend has it")
    text = "pixels, none (no resizing) or variant (what it was made for, the default)"
    add("--short-side", type=_short_side, default=VARIANT, metavar="PIXELS", help=text)


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


def _short_side(text: str) -> int | str | None:
    if text == VARIANT:
        return text
    if text == "none":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number of pixels, none or variant, not {text!r}")
    return int(text)
