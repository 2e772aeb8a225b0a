"""Write the named vocabularies of the simulation: `python -m eovseg_model.training.demo.vocabularies`."""

import json
from collections.abc import Sequence

from ...simulation import CATALOG, STUFF_NAMES, TRAINED_NAMES, names_of
from ...vocabulary import VOCABULARY_FOLDER, Vocabulary, VocabularyClass
from .captions import caption_levels

STUFF_WORDS = {word for name in STUFF_NAMES for word in names_of(name)}


def trained_names() -> Vocabulary:
    """Return the names that the demo model was trained on, with their synonyms."""
    return _vocabulary([names_of(name) for name in TRAINED_NAMES])


def trained_captions() -> Vocabulary:
    """Return every caption that the demo model was trained on, including shapes and colours."""
    levels = caption_levels(CATALOG, TRAINED_NAMES)
    captions = dict.fromkeys(name for level in levels for names in level.classes for name in names)
    return _vocabulary([(caption,) for caption in captions])


def to_json(vocabulary: Vocabulary, source: str) -> str:
    """Return the text of a vocabulary file, one class per line."""
    lines = [json.dumps({"names": c.names, "thing": c.is_thing}) for c in vocabulary.classes]
    return f'{{\n "source": {json.dumps(source)},\n "classes": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"


def main() -> None:
    files = {
        "simulation_trained": to_json(trained_names(), "names that the demo model was trained on"),
        "simulation_captions": to_json(
            trained_captions(), "every caption that the demo model was trained on"
        ),
    }
    for name, text in files.items():
        (VOCABULARY_FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def _vocabulary(classes: Sequence[tuple[str, ...]]) -> Vocabulary:
    return Vocabulary(tuple(VocabularyClass(names, names[0] not in STUFF_WORDS) for names in classes))


if __name__ == "__main__":
    main()
