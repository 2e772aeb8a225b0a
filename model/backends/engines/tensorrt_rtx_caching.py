"""Engines of TensorRT for RTX that are built before a backend asks for them."""

from collections.abc import Callable
from pathlib import Path

import torch

from ...checkpoint import cache_folder
from ...network import EOVSeg
from .engine_cache import EngineCache
from .engine_key import describe_weights, engine_key
from .shape import EngineShape
from .tensorrt_rtx_maker import FILE, tensorrt_rtx_maker, write_tensorrt_rtx_engine


def cache_tensorrt_rtx_engine(
    model: EOVSeg, shape: EngineShape, precision: str, report: Callable[[str], None]
) -> Path:
    """The folder of the cache with the engine that the backend looks for; it is built unless it is there.

    model is as it was loaded, text encoder included. The folder serves in another machine's cache, too, if
    packages and weights are the same there. report is told every step. Raises what building raises.
    """
    maker = tensorrt_rtx_maker(precision, torch.device("cuda"))
    key = engine_key(maker, describe_weights(model), model.device, precision, shape)
    return EngineCache(cache_folder()).build(
        key,
        lambda folder: write_tensorrt_rtx_engine(model, shape, folder / FILE, precision, report),
        lambda folder: folder,
    )
