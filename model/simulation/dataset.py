"""Render scenes as a COCO panoptic data set: `eovseg scenes OUT`."""

import argparse
import json
import multiprocessing
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ..checkpoint import replacing
from .coco import CATEGORIES, write_frame
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
    _claim(folder, settings)
    if (folder / "panoptic.json").exists():
        return
    for name in ("images", "panoptic", "parts"):
        (folder / name).mkdir(exist_ok=True)
    seeds = range(settings.seed, settings.seed + settings.scenes)
    render = partial(_render_scene, folder=folder, settings=settings)
    scenes = tqdm(_map(render, seeds, workers), total=len(seeds), unit="scene")
    records = [record for scene in scenes for record in scene]
    whole = {
        "images": [record["image"] for record in records],
        "annotations": [record["annotation"] for record in records],
        "categories": CATEGORIES,
    }
    _write_json(folder / "panoptic.json", whole)
    shutil.rmtree(folder / "parts")


def _claim(folder: Path, settings: DatasetSettings) -> None:
    """Create the folder and record the settings in it, or check that it was created with the same ones."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.json"
    wanted = json.loads(json.dumps(asdict(settings)))
    if file.exists():
        if json.loads(file.read_text()) != wanted:
            raise ValueError(
                f"{folder} contains a data set with other settings; choose another folder or remove it"
            )
    elif any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty and contains no data set of scenes; choose another folder")
    else:
        _write_json(file, wanted)


def _map(render: Any, seeds: range, workers: int) -> Iterator[list[dict[str, Any]]]:
    if workers == 1:
        yield from map(render, seeds)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        try:
            yield from pool.map(render, seeds, chunksize=8)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _render_scene(seed: int, folder: Path, settings: DatasetSettings) -> list[dict[str, Any]]:
    """Return the COCO records of a scene's images; render them unless an earlier run did."""
    part = folder / "parts" / f"{seed}.json"
    if part.exists():
        return json.loads(part.read_text())
    rng = np.random.default_rng([seed, 1])
    with Scene(seed, settings.config) as scene:
        frames = [
            scene.render(scene.random_camera(rng), settings.width, settings.height)
            for _ in range(settings.views)
        ]
    records = [write_frame(frame, folder, seed * VIEWS_AT_MOST + view) for view, frame in enumerate(frames)]
    _write_json(part, records)
    return records


def _write_json(file: Path, content: Any) -> None:
    """Write a file atomically."""
    with replacing(file) as draft:
        draft.write_text(json.dumps(content), encoding="utf-8")


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
