"""Segments of an image, and what is known of them."""

from dataclasses import Field, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from ..network import EOVSegConfig


class LabelledSegment(Protocol):
    """What segments of the model, of the node and of ground truth have in common: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def id(self) -> int:
        """Pixel value in the panoptic image, 1 or more."""
        ...

    @property
    def track_id(self) -> int:
        """The same for the same object in all frames, 0 if it is not tracked."""
        ...

    @property
    def class_id(self) -> int:
        """Index into the vocabulary."""
        ...

    @property
    def label(self) -> str:
        """First name of the class."""
        ...

    @property
    def is_thing(self) -> bool:
        """Whether the class is a thing, not stuff."""
        ...

    @property
    def score(self) -> float:
        """Class probability, 0 to 1."""
        ...


@dataclass(frozen=True)
class Segment:
    """A segment: id in the map, class index and label, thing or stuff, class probability, area in pixels.

    track_id is the same for the same object in all images of a sequence, 0 without tracking.
    """

    id: int
    class_id: int
    label: str
    is_thing: bool
    score: float
    area: int
    track_id: int = 0


class SegmentFeatures(NamedTuple):
    """Float32 arrays with a row for each of S segments, of the first query of the segment.

    kernels (S, hidden_dim) are object kernels, embeddings (S, text_dim) class embeddings in the space of the
    text, L2-normalised, probabilities (S, C) those of the classes, which add up to 1 minus void's.
    """

    kernels: np.ndarray
    embeddings: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, config: "EOVSegConfig") -> "SegmentFeatures":
        """Split rows (S, hidden_dim + text_dim + C) of `query_features`."""
        return cls(*np.split(rows, [config.hidden_dim, config.hidden_dim + config.text_dim], axis=1))
