"""What the network said of the images of a slice, without loss."""

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import zstandard

from eovseg_model.inference import Segment, SegmentFeatures
from eovseg_model.tracking import TrackableResult
from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.bags.errors import BagError

_LENGTH = struct.Struct("<I")


class Prediction(NamedTuple):
    """As a PanopticResult."""

    label_image: np.ndarray
    segments: list[Segment]
    segment_features: SegmentFeatures
    vocabulary: Vocabulary


def image_key(rgb: np.ndarray) -> int:
    """Return a number by which an image (H, W, 3) is known again."""
    return zlib.crc32(np.ascontiguousarray(rgb).data, zlib.crc32(repr(rgb.shape).encode()))


def write_prediction(file: BinaryIO, key: int, result: TrackableResult | str) -> None:
    """Add an image's result, or why the model refused the image."""
    arrays: dict[str, np.ndarray] = {}
    rest: dict[str, object] = {"key": key}
    if isinstance(result, str):
        rest["refused"] = result
    else:
        features = result.segment_features
        assert isinstance(features.kernels, np.ndarray)
        arrays = {
            "map": result.label_image,
            "segments": np.array([(s.id, s.class_id) for s in result.segments], np.int64).reshape(-1, 2),
            "scores": np.array([s.score for s in result.segments], np.float64),
            "kernels": features.kernels,
            "embeddings": features.embeddings,  # type: ignore[attr-defined]
            "probabilities": features.probabilities,
        }
    content = io.BytesIO()
    rest_bytes = np.frombuffer(json.dumps(rest).encode(), np.uint8)
    np.savez(content, rest=rest_bytes, **arrays)  # type: ignore[arg-type]
    block = zstandard.compress(content.getvalue())
    file.write(_LENGTH.pack(len(block)) + block)


def read_predictions(path: Path, vocabulary: Vocabulary) -> Iterator[tuple[int, Prediction | str]]:
    """Yield the key and the result of each image. Raises BagError for a broken file."""
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            try:
                block = file.read(_LENGTH.unpack(head)[0])
                with np.load(io.BytesIO(zstandard.decompress(block))) as loaded:
                    arrays = dict(loaded)
            except (struct.error, zstandard.ZstdError, ValueError, EOFError) as error:
                raise BagError(
                    f"{path} is broken: {error}; remove it and run the same command again"
                ) from error
            rest = json.loads(arrays["rest"].tobytes())
            yield rest["key"], rest["refused"] if "refused" in rest else _prediction(arrays, vocabulary)


def _prediction(arrays: dict[str, np.ndarray], vocabulary: Vocabulary) -> Prediction:
    segments = [
        Segment(
            id=number,
            class_id=class_id,
            label=vocabulary.labels[class_id],
            is_thing=vocabulary.is_thing[class_id],
            score=score,
            area=0,
        )
        for (number, class_id), score in zip(
            arrays["segments"].tolist(), arrays["scores"].tolist(), strict=True
        )
    ]
    features = SegmentFeatures(arrays["kernels"], arrays["embeddings"], arrays["probabilities"])
    return Prediction(arrays["map"], segments, features, vocabulary)
