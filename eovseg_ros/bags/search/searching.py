"""Finds objects by their stored embeddings."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from eovseg_model.inference import class_probabilities
from eovseg_model.vocabulary import EncodedVocabulary, Vocabulary, VocabularyClass, VocabularyError
from eovseg_ros.bags.embeddings.embeddings_file import read_embeddings
from eovseg_ros.bags.embeddings.keeping import embeddings_path
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame
from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.search.hit import Hit
from eovseg_ros.bags.writing.metadata import read_metadata

_PLURAL = re.compile(r"(?<=[xzs])es$|(?<=[cs]h)es$|(?<=[^su])s$", re.IGNORECASE)
_TOGETHER = 64  # frames that are classified at once


def find_hits(
    files: Sequence[Path],
    model_of: Callable[[Path], LabelModel],
    query: str,
    *,
    most: int,
    least_score: float = 0.0,
    every_image: bool = False,
    skipped: Callable[[BagError], object] | None = None,
) -> list[Hit]:
    """Return the best objects of files of results, best first, at most `most`.

    An object is found once, where its score is highest; with `every_image` in each image. The score is the
    probability of the query against the words of the results and void. In results with tracks, objects that
    have none yet are left out. A file that is broken, or was made with other weights, is told to `skipped`;
    without it, BagError is raised. Raises VocabularyError for the query.
    """
    found: list[Hit] = []
    for file in files:
        try:
            model = model_of(file)
            scored = _scores(read_embeddings(embeddings_path(file)), model, contrast(model, query))
            found += _hits_of(file, scored, least_score, every_image)
        except BagError as error:
            if skipped is None:
                raise
            skipped(error)
        found = sorted(found, key=lambda hit: -hit.score)[:most]
    return found


def contrast(model: LabelModel, query: str) -> EncodedVocabulary:
    """Return the query as the first class, and the model's words that do not say the same.

    Nor do they that say more: a "blue ball" is a "ball", so that it must not count against it. Singular and
    plural say the same. Raises VocabularyError for what is no description of one class.
    """
    parsed = Vocabulary.parse([query])
    if len(parsed) != 1:
        raise VocabularyError(
            f"{query!r} is a set of {len(parsed)} names: find looks for one, such as 'red mug'"
        )
    (given,) = parsed.classes
    names = dict.fromkeys([*given.names, *map(_singular, given.names)])
    asked = Vocabulary((VocabularyClass(tuple(names), given.is_thing),))
    known = model.vocabulary.vocabulary
    shared = known.shares_synonym_with(asked)
    others = [
        c for c, same in zip(known.classes, shared, strict=True) if not same and not _says_more(c, asked)
    ]
    return model.predictor.encode(Vocabulary((*asked.classes, *others)))


def _says_more(known: VocabularyClass, asked: Vocabulary) -> bool:
    names = [set(_singular(name.casefold()).split()) for name in known.names]
    return any(set(query.casefold().split()) <= name for query in asked.synonyms for name in names)


def _singular(name: str) -> str:
    """Return a name with each of its words in the singular.

    Example:
        >>> _singular("red boxes"), _singular("glass bus"), _singular("Mugs")
        ('red box', 'glass bus', 'Mug')
    """
    return " ".join(_PLURAL.sub("", word) for word in name.split())


def _scores(
    frames: Iterable[StoredFrame], model: LabelModel, words: EncodedVocabulary
) -> Iterator[tuple[StoredFrame, np.ndarray]]:
    """Yield each frame with the scores of its segments (S,)."""
    for group in _groups(frames):
        rows = [frame.embeddings for frame in group if len(frame.ids)]
        scores = (
            class_probabilities(model.predictor.model, np.concatenate(rows), words)[:, 0]
            if rows
            else np.zeros(0, np.float32)
        )
        ends = np.cumsum([len(frame.ids) for frame in group])[:-1]
        yield from zip(group, np.split(scores, ends), strict=True)


def _hits_of(
    file: Path,
    scored: Iterable[tuple[StoredFrame, np.ndarray]],
    least_score: float,
    every_image: bool,
) -> list[Hit]:
    """Return all hits of a file."""
    bag = read_metadata(file).get("bag", file.stem)
    best: dict[tuple[str, int], Hit] = {}
    single: list[Hit] = []
    begin: int | None = None
    tracked = False
    for frame, scores in scored:
        begin = frame.log_time if begin is None else begin
        tracked = tracked or bool(frame.track_ids.any())
        for row in np.flatnonzero(scores >= least_score).tolist():
            x, y, width, height = frame.boxes[row].tolist()
            if not width:  # hidden by others
                continue
            offset = frame.log_time - begin
            hit = Hit(
                bag=bag,
                results=str(file),
                camera=frame.camera,
                track_id=int(frame.track_ids[row]),
                score=float(scores[row]),
                stamp=frame.stamp,
                offset=offset,
                first=offset,
                last=offset,
                frames=1,
                box=(x, y, width, height),
                size=frame.size,
                preview=frame.preview,
            )
            if every_image or not hit.track_id:
                single.append(hit)
                continue
            key = hit.camera, hit.track_id
            best[key] = _merge(best[key], hit) if key in best else hit
    if tracked and not every_image:
        single = []
    return [*best.values(), *single]


def _merge(known: Hit, new: Hit) -> Hit:
    better = new if new.score > known.score else known
    return dataclasses.replace(better, first=known.first, last=new.last, frames=known.frames + 1)


def _groups(frames: Iterable[StoredFrame]) -> Iterator[list[StoredFrame]]:
    """Cut the frames into lists of a few."""
    rest = iter(frames)
    while group := list(itertools.islice(rest, _TOGETHER)):
        yield group
