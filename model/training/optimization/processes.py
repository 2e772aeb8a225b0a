"""Training on one device, or on as many as torchrun has started processes for."""

import os

import torch
from lightning_fabric import Fabric
from torch import nn

from ...network import EOVSeg
from ..supervised.recipe import Recipe


def make_fabric(recipe: Recipe) -> Fabric:
    """This process, on a GPU where there is one, and those that torchrun started with it on all machines."""
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
    """Bring the model to this process's device; on several GPUs with batch norms that share statistics."""
    if fabric.device.type == "cuda" and fabric.world_size > 1:
        synchronise_norms(model)
    fabric.to_device(model)


def synchronise_norms(model: EOVSeg) -> None:
    """Let the trained batch norms take their statistics over all GPUs; the frozen ones take none."""
    for part in (model.aggregator, model.vas):
        nn.SyncBatchNorm.convert_sync_batchnorm(part)
