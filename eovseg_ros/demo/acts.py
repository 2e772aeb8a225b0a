"""What the demo shows, act after act, and the vocabulary of each."""

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
    """A part of the demo: what it shows, and its vocabulary."""

    name: str
    title: str
    vocabulary: tuple[str, ...]


_OTHERS = vocabulary_entries((*FIXED_OBJECTS, *STUFF_NAMES))
ACTS = (
    Act("trained_names", "the names of training", vocabulary_entries(TRAINED_NAMES)),
    Act(
        "kept_out_names",
        "names that training never showed, among all others",
        vocabulary_entries((*KEPT_OUT_NAMES, *TRAINED_NAMES)),
    ),
    Act(
        "shapes",
        "shapes, whatever their colour",
        (*(",".join((shape, *SYNONYMS[shape])) for shape in SHAPES), *_OTHERS),
    ),
    Act("colours", "colours, whatever their shape", (*(f"{colour} object" for colour in COLOURS), *_OTHERS)),
)
