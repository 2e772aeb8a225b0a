"""What segments of the model, of the node and of ground truth have in common."""

from dataclasses import Field
from typing import Any, ClassVar, Protocol


class LabelledSegment(Protocol):
    """A dataclass with an id and a name."""

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
