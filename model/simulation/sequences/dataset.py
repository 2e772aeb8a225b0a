"""Render sequences as a COCO panoptic data set with a track id for every segment."""

import argparse
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..coco import CATEGORIES, write_frame
from ..resumable import claim_folder, finish_folder, render_parts
from ..scenes.scene_config import DEFAULT, SceneConfig
from ..seeds import check_seeds
from .sequence import RenderedFrame, Sequence

FRAMES_AT_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class SequenceSettings:
    """Settings that determine a data set of sequences."""

    sequences: int
    frames: int  # per sequence
    rate: float  # frames per second
    seed: int  # of the first sequence; the others follow
    width: int
    height: int
    depth: bool
    config: SceneConfig

    def __post_init__(self) -> None:
        check_seeds(self.seed, self.sequences, self.config.include_kept_out)
        if not 1 <= self.frames <= FRAMES_AT_MOST:
            raise ValueError(f"frames must be 1 to {FRAMES_AT_MOST}; got {self.frames}")
        if not 0.1 <= self.rate <= 1000:
            raise ValueError(f"the rate must be 0.1 to 1000 frames per second; got {self.rate:g}")
        if self.width < 16 or self.height < 16:
            raise ValueError(f"images must be at least 16x16 pixels; got {self.width}x{self.height}")


def write_sequences(folder: Path, settings: SequenceSettings, workers: int) -> None:
    """Render a data set; the files do not depend on the number of worker processes.

    panoptic.json is written last, so a folder without it is incomplete. Calling again with the same settings
    continues an interrupted run. Raises ValueError if the folder has other content.
    """
    claim_folder(folder, asdict(settings))
    if (folder / "panoptic.json").exists():
        return
    seeds = range(settings.seed, settings.seed + settings.sequences)
    render = partial(_render_sequence, folder=folder, settings=settings)
    sequences = render_parts(folder, render, seeds, workers, "sequence")
    records = [record for sequence in sequences for record in sequence]
    whole = {
        "sequences": [{"id": seed, "frames": settings.frames, "rate": settings.rate} for seed in seeds],
        "images": [record["image"] for record in records],
        "annotations": [record["annotation"] for record in records],
        "categories": CATEGORIES,
    }
    finish_folder(folder, whole)


def render_sequences(arguments: argparse.Namespace) -> None:
    """Render the data set that the arguments of `add_sequence_arguments` describe.

    Raises ValueError for arguments that contradict each other or the folder's content.
    """
    settings = SequenceSettings(
        sequences=arguments.sequences,
        frames=arguments.frames,
        rate=arguments.rate,
        seed=arguments.seed,
        width=arguments.width,
        height=arguments.height,
        depth=arguments.depth,
        config=replace(DEFAULT, include_kept_out=arguments.kept_out),
    )
    write_sequences(arguments.out, settings, max(arguments.workers, 1))


def _render_sequence(seed: int, folder: Path, settings: SequenceSettings) -> list[dict[str, Any]]:
    """Render a sequence; return the COCO records of its frames."""
    for name in ("images", "panoptic", *(["depth"] if settings.depth else [])):
        (folder / name / str(seed)).mkdir(parents=True, exist_ok=True)
    records = []
    with Sequence(seed, settings.frames / settings.rate, settings.config) as sequence:
        for index in range(settings.frames):
            stamp = round(index / settings.rate, 9)
            rendered = sequence.render(stamp, settings.width, settings.height)
            records.append(_write(rendered, folder, seed, index, stamp, settings.depth))
    return records


def _write(
    rendered: RenderedFrame, folder: Path, seed: int, index: int, stamp: float, depth: bool
) -> dict[str, Any]:
    frame = rendered.frame
    name = f"{seed}/{index:04d}"
    record = write_frame(frame, folder, seed * FRAMES_AT_MOST + index, name)
    for segment in record["annotation"]["segments_info"]:
        segment["track_id"] = segment["id"]
    record["image"] |= {
        "sequence_id": seed,
        "frame_index": index,
        "stamp": stamp,
        "camera_info": {"fx": frame.fx, "fy": frame.fy, "cx": frame.cx, "cy": frame.cy},
        "world_from_camera": rendered.world_from_camera().tolist(),
    }
    if depth:
        record["image"]["depth_file_name"] = f"{name}.png"
        millimetres = np.round(1000 * frame.depth).astype(np.uint16)
        Image.fromarray(millimetres).save(folder / "depth" / f"{name}.png")
    return record
