"""The parity arrays, and the networks that must reproduce them."""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from eovseg_model.checkpoint.published import rename
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS

FOLDER = Path(__file__).parents[1] / "data" / "parity"


class ParityCase(NamedTuple):
    """One case: its description, its arrays, and a predictor with the weights and vocabulary it names."""

    description: Any
    arrays: dict[str, np.ndarray]
    predictor: EOVSegPredictor


@pytest.fixture(scope="session")
def synthesize() -> Callable[[str, tuple[int, ...], int], np.ndarray]:
    """The weights that the arrays were made with: a function of name, shape and salt."""
    spec = importlib.util.spec_from_file_location("synth_weights", FOLDER / "synth_weights.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.synth


@pytest.fixture(scope="session")
def published_weights(synthesize) -> Callable[[str, int], dict[str, torch.Tensor]]:
    """A state dict (variant, salt) under the published names."""

    def make(variant: str, salt: int) -> dict[str, torch.Tensor]:
        keys = json.loads((FOLDER / f"{variant}_96x128.keys.json").read_text())
        return {name: torch.from_numpy(synthesize(name, tuple(shape), salt)) for name, shape in keys.items()}

    return make


@pytest.fixture(scope="session")
def published_file(tmp_path_factory) -> Iterator[Path]:
    """A torch file of S at full size, every entry filled with a number of its own.

    What inference never uses is stored as one number, which spares half a gigabyte of disk.
    """
    keys = json.loads((FOLDER / "s_96x128.keys.json").read_text())
    with torch.device("meta"):
        expected = build_model(CONFIGS["s"]).state_dict()
    numbers = {
        name: torch.tensor(i).expand(shape)
        if name.endswith("num_batches_tracked")
        else torch.tensor(i / len(keys)).expand(shape)
        for i, (name, shape) in enumerate(keys.items())
    }
    used = {id(tensor) for tensor in rename(numbers, expected).values()}
    path = tmp_path_factory.mktemp("published") / "s.pth"
    weights = {name: tensor.clone() if id(tensor) in used else tensor for name, tensor in numbers.items()}
    torch.save({"model": weights, "iteration": 200000}, path)
    yield path
    path.unlink()


@pytest.fixture(scope="session")
def parity_case(published_weights) -> Callable[..., ParityCase]:
    """Reads a case and builds its predictor; the last networks are kept, of up to 2 GB each."""

    @lru_cache(maxsize=3)
    def network(variant: str, salt: int, backend: str) -> EOVSegPredictor:
        weights = published_weights(variant, salt)
        return EOVSegPredictor.from_checkpoint(variant, weights, ["object"], device="cpu", backend=backend)

    def load(name: str, backend: str = "torch") -> ParityCase:
        description, arrays = read(name)
        things = description.get("things", ())
        entries = [
            f"{class_name}|{'thing' if i in things else 'stuff'}"
            for i, class_name in enumerate(description["vocabulary"])
        ]
        seen = description.get("overlapping")
        shared = network(name.removeprefix("oov_")[0], description["salt"], backend)
        predictor = EOVSegPredictor(shared.model, entries, seen, backend=shared._backend)
        return ParityCase(description, arrays, predictor)

    return load


@pytest.fixture(scope="session")
def parity_arrays() -> Callable[[str], tuple[Any, dict[str, np.ndarray]]]:
    """Reads a case without building a network."""
    return read


def read(name: str) -> tuple[Any, dict[str, np.ndarray]]:
    with np.load(FOLDER / f"{name}.npz") as arrays:
        return json.loads((FOLDER / f"{name}.json").read_text()), dict(arrays)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory) -> None:
    """Tests never read or write the user's cache."""
    os.environ["EOVSEG_CACHE"] = str(tmp_path_factory.mktemp("cache"))
