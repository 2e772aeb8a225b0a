"""The acts of the demo and their vocabularies."""

from typing import NamedTuple

from eovseg_model.simulation import (
    COLOURS,
    FIXED_OBJECTS,
    KEPT_OUT_NAMES,
    SHAPES,
    STUFF_NAMES,
    SYNONYMS,
    TRAINED_NAMES,
    vocabulary_entries,
)


class Act(NamedTuple):
    """A part of the demo with its own vocabulary."""

    name: str
    title: str
    vocabulary: tuple[str, ...]


_OTHERS = vocabulary_entries((*FIXED_OBJECTS, *STUFF_NAMES))
ACTS = (
    Act("trained_names", "names used in training", vocabulary_entries(TRAINED_NAMES)),
    Act(
        "kept_out_names",
        "names not used in training, among all others",
        vocabulary_entries((*KEPT_OUT_NAMES, *TRAINED_NAMES)),
    ),
    Act(
        "shapes",
        "shapes of any colour",
        (*(",".join((shape, *SYNONYMS[shape])) for shape in SHAPES), *_OTHERS),
    ),
    Act("colours", "colours of any shape", (*(f"{colour} object" for colour in COLOURS), *_OTHERS)),
)
