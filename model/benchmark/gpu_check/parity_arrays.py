"""Comparison with the arrays of an independent implementation, which are in the repository only."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...backends import load_backend
from ...inference import EOVSegPredictor
from ...network import load_model
from .accuracy import PARITY, is_parity, query_differences
from .material import UnavailableError, check_available
from .part import Part
from .setting import Setting

FOLDER = Path(__file__).resolve().parents[3] / "test" / "data" / "parity"
OUTPUTS = ("class_logits", "mask_logits", "final_class_logits")


def measure_parity_arrays(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Run the part's backend with the weights, vocabulary and picture of the arrays."""
    check_available(part, device)
    case = f"{part.variant}_96x128"
    if not (FOLDER / f"{case}.npz").exists():
        raise UnavailableError(f"the parity arrays are absent; the repository has them in {_short(FOLDER)}")
    description = json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))
    with np.load(FOLDER / f"{case}.npz") as file:
        arrays = dict(file)
    keys = json.loads((FOLDER / f"{part.variant}_96x128.keys.json").read_text(encoding="utf-8"))
    synth = _weights_function()
    weights = {
        name: torch.from_numpy(synth(name, tuple(shape), description["salt"])) for name, shape in keys.items()
    }
    model = load_model(part.variant, weights, "the weights of the parity arrays").to(device)
    backend = load_backend(part.backend, model, part.precision, patient=True)
    entries = [
        f"{name}|{'thing' if index in description['things'] else 'stuff'}"
        for index, name in enumerate(description["vocabulary"])
    ]
    predictor = EOVSegPredictor(
        model, entries, [bool(s) for s in description["overlapping"]], backend=backend
    )
    result = predictor(arrays["image"], short_side=-1)
    outputs = {
        name: query_differences(getattr(result, name), torch.from_numpy(arrays[name])) for name in OUTPUTS
    }
    pixels = int(np.count_nonzero(result.label_image != arrays["panoptic_map"]))
    return {
        "bound": PARITY,
        "within": all(map(is_parity, outputs.values())),
        "features": {},
        "outputs": outputs,
        "pixels_unlike": pixels,
        "pixels": int(result.label_image.size),
    }


def _weights_function() -> Callable[[str, tuple[int, ...], int], np.ndarray]:
    """The weights that the arrays were made with, by name, shape and salt."""
    spec = importlib.util.spec_from_file_location("synth_weights", FOLDER / "synth_weights.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.synth


def _short(folder: Path) -> str:
    return "/".join(folder.parts[-3:])
