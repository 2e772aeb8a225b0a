"""The vocabulary in use, and the thread that encodes the next one while frames go on with it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.node.mailbox import Mailbox
from eovseg_ros.node.predictor import EncodedVocabulary, Predictor

_PART = 16  # classes that are encoded without a look at whether somebody still wants them


@dataclass(frozen=True)
class VocabularySnapshot:
    """One vocabulary that went live: its version, its classes and their encoded text, inseparable."""

    version: int
    encoded: EncodedVocabulary

    @property
    def labels(self) -> tuple[str, ...]:
        """First name of every class."""
        return self.encoded.vocabulary.labels

    @property
    def is_thing(self) -> tuple[bool, ...]:
        """Thing or stuff, one a class."""
        return self.encoded.vocabulary.is_thing


class LiveVocabulary:
    """Encode requested vocabularies in the background; one becomes live where the worker says `adopt`.

    A newer request overtakes one that is still being encoded. One that fails is reported and
    changes nothing.
    """

    def __init__(
        self,
        *,
        predictor: Predictor,
        entries: Sequence[str],
        version: int,
        on_ready: Callable[[], None],
        on_error: Callable[[str], None],
    ) -> None:
        self._predictor = predictor
        self._on_ready = on_ready
        self._on_error = on_error
        self._requests: Mailbox[tuple[int, Sequence[str]]] = Mailbox()
        self._lock = threading.Lock()
        self._ready: EncodedVocabulary | None = None
        self._asked = self._answered = 0  # numbers of the newest request and of the last one dealt with
        self.error = ""
        self.snapshot = VocabularySnapshot(version, predictor.encode(Vocabulary.parse(entries)))
        self._thread = threading.Thread(target=self._run, name="vocabulary encoder")
        self._thread.start()

    @property
    def state(self) -> str:
        """`encoding` while a newer vocabulary is on its way, `failed` where that went wrong, or `live`."""
        if self._answered < self._asked or self._ready is not None:
            return "encoding"
        return "failed" if self.error else "live"

    def request(self, entries: Sequence[str]) -> None:
        """Ask for checked entries to be encoded and made live; returns at once."""
        self._asked += 1
        self._requests.put((self._asked, entries))

    def adopt(self) -> bool:
        """Make what is ready live and say whether there was anything; for the worker, between two frames."""
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is None:
            return False
        self.snapshot = VocabularySnapshot(self.snapshot.version + 1, ready)
        return True

    def close(self) -> None:
        """Drop what waits and end the thread, after the part of the encoding that is in progress."""
        self._requests.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._requests.closed:
            request = self._requests.take()
            if request is not None:
                self._encode(*request)

    def _encode(self, number: int, entries: Sequence[str]) -> None:
        try:
            encoded = self._encode_in_parts(Vocabulary.parse(entries))
        except Exception as error:  # whatever the text tower does, frames go on with the old classes
            self.error = f"cannot encode the vocabulary {list(entries)}: {type(error).__name__}: {error}"
            self._answered = number
            self._on_error(self.error)
            return
        if encoded is None or self._unwanted:
            return
        self.error = ""
        with self._lock:
            self._ready = encoded
        self._answered = number
        self._on_ready()

    @property
    def _unwanted(self) -> bool:
        """Whether what is being encoded has been overtaken, or the end has come."""
        return self._requests.occupied or self._requests.closed

    def _encode_in_parts(self, vocabulary: Vocabulary) -> EncodedVocabulary | None:
        """Encode a vocabulary; None once nobody wants it any more. The predictor keeps names that it met."""
        for start in range(0, len(vocabulary) - _PART, _PART):
            if self._unwanted:
                return None
            self._predictor.encode(Vocabulary(vocabulary.classes[start : start + _PART]))
        return self._predictor.encode(vocabulary)
