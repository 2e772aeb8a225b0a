"""Training on one device, or on one device per process of torchrun."""

import os

import torch
from lightning_fabric import Fabric
from torch import nn

from ...network import EOVSeg
from ..supervised.recipe import Recipe


def make_fabric(recipe: Recipe) -> Fabric:
    """Return a Fabric for this process and its torchrun peers, on GPUs if available."""
    world = int(os.environ.get("WORLD_SIZE", 1))
    local = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    fabric = Fabric(
        accelerator="cuda" if torch.cuda.is_available() else "cpu",
        devices=local,
        num_nodes=world // local,
        strategy="ddp" if world > 1 else "auto",
        precision="bf16-mixed" if recipe.precision == "bf16-mixed" else "32-true",
    )
    fabric.launch()
    return fabric


def place_model(fabric: Fabric, model: EOVSeg) -> None:
    """Move the model to this process's device; with several GPUs, synchronise batch norms."""
    if fabric.device.type == "cuda" and fabric.world_size > 1:
        synchronise_norms(model)
    fabric.to_device(model)


def synchronise_norms(model: EOVSeg) -> None:
    """Make trained batch norms compute statistics over all GPUs; frozen ones compute none."""
    for part in (model.aggregator, model.vas):
        nn.SyncBatchNorm.convert_sync_batchnorm(part)
