"""Folders of rendered data that an interrupted run leaves incomplete and the next one continues."""

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..checkpoint import replacing

PARTS = "parts"


def claim_folder(folder: Path, settings: Mapping[str, Any]) -> None:
    """Create the folder and record the settings in it, or check that it was created with the same ones.

    Raises ValueError if the folder has other content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.json"
    wanted = json.loads(json.dumps(settings))
    if file.exists():
        if json.loads(file.read_text()) != wanted:
            raise ValueError(
                f"{folder} contains a data set with other settings; choose another folder or remove it"
            )
    elif any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty and contains no rendered data set; choose another folder")
    else:
        _write_json(file, wanted)


def render_parts(
    folder: Path, render: Callable[[int], Any], seeds: range, workers: int, unit: str
) -> list[Any]:
    """Call `render` for every seed in worker processes, and return its results, which JSON can hold.

    Results of an earlier run are not rendered again. `unit` is what a seed gives, for the progress bar.
    """
    (folder / PARTS).mkdir(exist_ok=True)
    parts = _map(partial(_render_part, folder=folder, render=render), seeds, workers)
    return list(tqdm(parts, total=len(seeds), unit=unit))


def finish_folder(folder: Path, content: Any) -> None:
    """Write panoptic.json, which makes the data set complete, and remove the parts."""
    _write_json(folder / "panoptic.json", content)
    shutil.rmtree(folder / PARTS)


def _map(render: Callable[[int], Any], seeds: range, workers: int) -> Iterator[Any]:
    if workers == 1:
        yield from map(render, seeds)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        try:
            yield from pool.map(render, seeds, chunksize=max(1, min(8, len(seeds) // workers)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _render_part(seed: int, folder: Path, render: Callable[[int], Any]) -> Any:
    part = folder / PARTS / f"{seed}.json"
    if part.exists():
        return json.loads(part.read_text())
    content = render(seed)
    _write_json(part, content)
    return content


def _write_json(file: Path, content: Any) -> None:
    """Write a file atomically."""
    with replacing(file) as draft:
        draft.write_text(json.dumps(content), encoding="utf-8")
