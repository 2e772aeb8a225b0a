"""The model that made results, with other words."""

import json
from collections.abc import Sequence
from pathlib import Path

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.labelling.model import LabelModel, load_label_model
from eovseg_ros.bags.labelling.settings import ModelSettings
from eovseg_ros.bags.writing.metadata import read_metadata


class ModelsOfResults:
    """Loads the model of each file of results; those of the same model share it.

    checkpoint and device replace what the results were made with; an empty text keeps it.
    """

    def __init__(
        self, vocabulary: Sequence[str] | None, *, checkpoint: str, device: str, threads: int
    ) -> None:
        """Take the words for all files; None for those of the results."""
        self._vocabulary = vocabulary
        self._checkpoint = checkpoint
        self._device = device
        self._threads = threads
        self._last: tuple[ModelSettings, LabelModel] | None = None

    def of(self, results: Path) -> LabelModel:
        """Return the model. Raises BagError for results of other weights, and as `load_label_model` does."""
        metadata = read_metadata(results)
        if "settings" not in metadata:
            raise BagError(f"{results} has no metadata of eovseg-bags label")
        own = json.loads(metadata["settings"])["model"]
        settings = ModelSettings(
            variant=own["variant"],
            checkpoint=self._checkpoint or own["checkpoint"],
            device=self._device,
            backend="reference",  # for the words only: it needs no engine
            vocabulary=tuple(own["vocabulary"] if self._vocabulary is None else self._vocabulary),
        )
        if self._last is None or self._last[0] != settings:
            self._last = settings, load_label_model(settings, self._threads)
        model = self._last[1]
        if metadata.get("weights_sha256") != model.identity["weights_sha256"]:
            raise BagError(f"{results} was made with other weights: give theirs with --checkpoint")
        return model
