"""What a process is told to build."""

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple

from ...export import TextShape
from ...network import CONFIGS, EOVSegConfig
from .shape import EngineShape


class BuildRequest(NamedTuple):
    """An engine of a backend, to be built into a folder from the weights in a file."""

    maker: str  # the name of an EngineMaker
    precision: str
    config: EOVSegConfig
    weights: Path  # a state dict without the text encoder
    shape: EngineShape
    device: str
    threads: int  # of PyTorch
    folder: Path

    def write(self) -> str:
        """Return the request as one line of JSON."""
        return json.dumps(self._asdict() | {"config": dataclasses.asdict(self.config)}, default=str)

    @classmethod
    def read(cls, line: str) -> "BuildRequest":
        """Return the request that `write` wrote."""
        fields = json.loads(line)
        batch, height, width, text = fields.pop("shape")
        return cls(
            config=_read_config(fields.pop("config")),
            weights=Path(fields.pop("weights")),
            shape=EngineShape(batch, height, width, TextShape(*text)),
            folder=Path(fields.pop("folder")),
            **fields,
        )


def _read_config(fields: dict[str, Any]) -> EOVSegConfig:
    """From `dataclasses.asdict`; the parts have the classes that they have in the variant of this name."""
    variant = CONFIGS[fields["name"]]
    parts = {
        name: dataclasses.replace(getattr(variant, name), **_with_tuples(fields.pop(name)))
        for name in ("backbone", "text", "spatial")
    }
    return dataclasses.replace(variant, **parts, **_with_tuples(fields))


def _with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists instead."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
