"""Runs the network on a slice, and labels a bag from the predictions of its slices."""

import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from eovseg_model.inference import ImageSizeError
from eovseg_ros.bags.cluster.predictions_file import (
    Prediction,
    image_key,
    read_predictions,
    write_prediction,
)
from eovseg_ros.bags.cluster.slices import Slice, slice_images
from eovseg_ros.bags.errors import BagError, BrokenMessage
from eovseg_ros.bags.labelling.frames import predict
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.reading.bag import open_bag
from eovseg_ros.messages import ImageError, image_to_rgb

_MOST_SKIPPED = 256  # predictions that are kept for an image that comes a little later


def predict_slice(
    bag: Path,
    model: LabelModel,
    settings: LabelSettings,
    part: Slice,
    target: Path,
    progress: Callable[[int], None],
) -> None:
    """Write the predictions of a slice to a file, which appears when it is complete.

    Images that cannot be decoded, and the place where the bag breaks off, are left to who labels the bag.
    """
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")  # two machines may have the same pids
    try:
        with draft.open("wb") as file, open_bag(bag) as opened:
            try:
                for done, image in enumerate(slice_images(opened, settings, part), 1):
                    try:
                        rgb = image_to_rgb(image.message, max_pixels=settings.max_pixels)
                    except (BrokenMessage, ImageError):
                        continue
                    try:
                        result = predict(model, rgb)
                    except ImageSizeError as error:
                        write_prediction(file, image_key(rgb), str(error))
                    else:
                        write_prediction(file, image_key(rgb), result)
                    progress(done)
            except BagError:
                pass
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


class Replay:
    """Takes the place of a predictor: answers with the predictions of slices, in their order."""

    def __init__(self, paths: Sequence[Path], model: LabelModel) -> None:
        vocabulary = model.vocabulary.vocabulary
        self._rest: Iterator[tuple[int, Prediction | str]] = chain.from_iterable(
            read_predictions(path, vocabulary) for path in paths
        )
        self._skipped: deque[tuple[int, Prediction | str]] = deque(maxlen=_MOST_SKIPPED)

    def __call__(self, image: np.ndarray, **settings: Any) -> Prediction:
        """Return the prediction of an image. Raises ImageSizeError if the model did.

        Raises RuntimeError without a prediction of it.
        """
        found = self._find(image_key(image))
        if isinstance(found, str):
            raise ImageSizeError(found)
        return found

    def _find(self, key: int) -> Prediction | str:
        for i, (known, result) in enumerate(self._skipped):
            if known == key:
                del self._skipped[i]
                return result
        try:
            for known, result in self._rest:
                if known == key:
                    return result
                self._skipped.append((known, result))
        except BagError as error:
            raise RuntimeError(str(error)) from error
        raise RuntimeError("an image is in no slice of its bag: has the bag changed during the run?")
