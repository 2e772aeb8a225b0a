"""Agreement of a device with the CPU, in float32 and in lower precisions."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...backends import Backend, load_backend
from ...inference import to_input
from ...network import EOVSeg, EOVSegOutput
from ..synthetic import synthetic_picture, synthetic_text
from .material import check_available, fresh_model, norm_of_difference
from .part import Part
from .setting import Setting

PARITY = 1e-4  # relative norm of a difference, float32
# A mask pixel close to its threshold can change sides by rounding, and with it the query that it belongs to.
MOST_QUERIES_BEYOND = 0.06  # share of all queries
FARTHEST_QUERY = 0.1
# Relative norms. With these weights the layers in fp16 change S by 0.017, those in bf16 by 0.048, on a CPU.
AGREEMENT = {"tf32": 0.05, "fp16": 0.05, "bf16": 0.15}
CALLS_BEFORE = 2  # on another picture: the second one records a CUDA graph
BOXES = ("backbone", "spatial_extractor", "aggregator", "vas")  # what they put out depends on no threshold


class Run(NamedTuple):
    """Output of a network, and what its boxes before any threshold put out, by name."""

    output: EOVSegOutput
    features: dict[str, Tensor]


@torch.no_grad()
def measure_parity(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Compare the part's backend on the device with the unchanged network on the CPU, in float32."""
    expected, found = _run_both(part, setting, device)
    features = {
        name: norm_of_difference(found.features[name], expected.features[name]) for name in found.features
    }
    outputs = {
        name: query_differences(one[0], other[0])
        for name, one, other in zip(EOVSegOutput._fields, found.output, expected.output, strict=True)
    }
    within = all(value <= PARITY for value in features.values()) and all(map(is_parity, outputs.values()))
    return {"bound": PARITY, "within": within, "features": features, "outputs": outputs}


@torch.no_grad()
def measure_agreement(part: Part, setting: Setting, device: torch.device) -> dict[str, Any]:
    """Compare a lower precision on the device with float32 on the CPU."""
    expected, found = _run_both(part, setting, device)
    differences = {
        name: norm_of_difference(one, other)
        for name, one, other in zip(EOVSegOutput._fields, found.output, expected.output, strict=True)
    }
    same_side = (found.output.mask_logits.cpu() > 0) == (expected.output.mask_logits > 0)
    bound = AGREEMENT[part.precision]
    return {
        "bound": bound,
        "within": all(value <= bound for value in differences.values()),
        "differences": differences,
        "mask_pixels_equal": float(same_side.double().mean()),
    }


def _run_both(part: Part, setting: Setting, device: torch.device) -> tuple[Run, Run]:
    """On the CPU as the network is, and on the device by the part's backend."""
    check_available(part, device)
    cpu = torch.device("cpu")
    model = fresh_model(part.variant, cpu)
    expected = _run(model, model, setting, cpu)
    model = model.to(device)
    backend = load_backend(part.backend, model, part.precision, patient=True)
    return expected, _run(model, backend, setting, device)


def _run(model: EOVSeg, backend: Backend, setting: Setting, device: torch.device) -> Run:
    """Features only of the unchanged network: backends change the boxes, or do not call them."""
    picture, other = (
        to_input(synthetic_picture(setting.small, seed), torch.device("cpu")).to(device) for seed in (0, 1)
    )
    text, seen = synthetic_text(setting.classes, model.config.text_dim, str(device))
    features: dict[str, Tensor] = {}
    hooks = []
    for name in BOXES if backend is model else ():

        def keep(_module: object, _inputs: object, output: object, name: str = name) -> None:
            parts = output if isinstance(output, tuple) else (output,)
            features.update({f"{name} {i}": part.cpu() for i, part in enumerate(parts)})

        hooks.append(getattr(model, name).register_forward_hook(keep))
    for _ in range(CALLS_BEFORE if backend is not model else 0):
        backend(other, text, seen)
    output = backend(picture, text, seen)
    for hook in hooks:
        hook.remove()
    return Run(output, features)


def query_differences(found: Tensor, expected: Tensor) -> dict[str, float]:
    """Return the share of queries beyond PARITY and the largest relative difference: (N, ...) each."""
    found, expected = found.detach().cpu().double(), expected.double()
    difference = (found - expected).flatten(1).norm(dim=1) / expected.flatten(1).norm(dim=1)
    return {
        "queries_beyond": float((~(difference <= PARITY)).double().mean()),  # NaN is beyond, too
        "median": float(difference.median()),
        "largest": float(difference.max()),
    }


def is_parity(differences: dict[str, float]) -> bool:
    """Whether the result of `query_differences` is within the bounds."""
    return differences["queries_beyond"] <= MOST_QUERIES_BEYOND and differences["largest"] <= FARTHEST_QUERY
