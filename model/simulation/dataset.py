"""Render scenes as a COCO panoptic data set: `eovseg scenes OUT`."""

import argparse
import sys
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .coco import CATEGORIES, write_frame
from .resumable import claim_folder, finish_folder, render_parts
from .scene_arguments import add_scene_arguments
from .scenes.scene import Scene
from .scenes.scene_config import DEFAULT, HARDER, SceneConfig
from .seeds import check_seeds

VIEWS_AT_MOST = 100


@dataclass(frozen=True, kw_only=True)
class DatasetSettings:
    """Settings that determine a data set of scenes."""

    scenes: int
    seed: int  # of the first scene; the others follow
    views: int  # images per scene
    width: int
    height: int
    config: SceneConfig

    def __post_init__(self) -> None:
        check_seeds(self.seed, self.scenes, self.config.include_kept_out)
        if not 1 <= self.views <= VIEWS_AT_MOST:
            raise ValueError(f"views must be 1 to {VIEWS_AT_MOST}; got {self.views}")
        if self.width < 16 or self.height < 16:
            raise ValueError(f"images must be at least 16x16 pixels; got {self.width}x{self.height}")


def write_dataset(folder: Path, settings: DatasetSettings, workers: int) -> None:
    """Render a data set; the files do not depend on the number of worker processes.

    panoptic.json is written last, so a folder without it is incomplete. Calling again with the same settings
    continues an interrupted run. Raises ValueError if the folder has other content.
    """
    claim_folder(folder, asdict(settings))
    if (folder / "panoptic.json").exists():
        return
    for name in ("images", "panoptic"):
        (folder / name).mkdir(exist_ok=True)
    seeds = range(settings.seed, settings.seed + settings.scenes)
    scenes = render_parts(
        folder, partial(_render_scene, folder=folder, settings=settings), seeds, workers, "scene"
    )
    records = [record for scene in scenes for record in scene]
    whole = {
        "images": [record["image"] for record in records],
        "annotations": [record["annotation"] for record in records],
        "categories": CATEGORIES,
    }
    finish_folder(folder, whole)


def _render_scene(seed: int, folder: Path, settings: DatasetSettings) -> list[dict[str, Any]]:
    """Render a scene; return the COCO records of its images."""
    rng = np.random.default_rng([seed, 1])
    with Scene(seed, settings.config) as scene:
        frames = [
            scene.render(scene.random_camera(rng), settings.width, settings.height)
            for _ in range(settings.views)
        ]
    return [write_frame(frame, folder, seed * VIEWS_AT_MOST + view) for view, frame in enumerate(frames)]


def render_scenes(arguments: argparse.Namespace) -> None:
    """Render the data set that the arguments of `add_scene_arguments` describe.

    Raises ValueError for arguments that contradict each other or the folder's content.
    """
    settings = DatasetSettings(
        scenes=arguments.scenes,
        seed=arguments.seed,
        views=arguments.views,
        width=arguments.width,
        height=arguments.height,
        config=replace(HARDER if arguments.harder else DEFAULT, include_kept_out=arguments.kept_out),
    )
    write_dataset(arguments.out, settings, max(arguments.workers, 1))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, which `eovseg scenes` also has; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="eovseg_model.simulation.dataset",
        description="Render random scenes as a COCO panoptic data set; `eovseg scenes` does the same.",
    )
    add_scene_arguments(parser)
    try:
        render_scenes(parser.parse_args(arguments))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; run the same command again to continue", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
