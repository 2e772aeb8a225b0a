"""The live vocabulary, and the thread that encodes the next one in the background."""

import enum
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eovseg_model.vocabulary import Vocabulary, VocabularyClass, quoted
from eovseg_ros.node.mailbox import Mailbox
from eovseg_ros.node.predictor import EncodedVocabulary, Predictor
from eovseg_ros.node.threads.supervised_thread import SupervisedThread

# Names to encode between checks for newer requests: half a second for S on one core.
_PART = 2


class VocabularyState(enum.Enum):
    """State of the newest request."""

    LIVE = "live"
    ENCODING = "encoding"  # or encoded, and in use from the next frame on
    FAILED = "failed"


@dataclass(frozen=True)
class VocabularyStatus:
    """The vocabulary in use, and the newest request."""

    version: int  # in use
    requested: tuple[str, ...]  # entries of the newest request
    state: VocabularyState  # of the newest request
    error: str  # why it failed


@dataclass(frozen=True)
class VocabularySnapshot:
    """A vocabulary that went live: its version, classes and encoded text."""

    version: int
    entries: tuple[str, ...]  # as written in the request
    encoded: EncodedVocabulary

    @property
    def labels(self) -> tuple[str, ...]:
        """First name of every class."""
        return self.encoded.vocabulary.labels

    @property
    def is_thing(self) -> tuple[bool, ...]:
        """Thing or stuff, one per class."""
        return self.encoded.vocabulary.is_thing


class LiveVocabulary:
    """Encodes requested vocabularies in the background; they become live when the worker calls `adopt`.

    A newer request replaces one that is still being encoded. One that fails is reported and
    changes nothing.
    """

    def __init__(
        self,
        *,
        predictor: Predictor,
        entries: Sequence[str],
        version: int,
        parse: Callable[[Sequence[str]], Vocabulary] = Vocabulary.parse,
        on_ready: Callable[[], None],
        on_error: Callable[[str], None],
    ) -> None:
        self._predictor = predictor
        self._parse = parse
        self._on_ready = on_ready
        self._on_error = on_error
        self._requests: Mailbox[tuple[int, tuple[str, ...]]] = Mailbox()
        self._lock = threading.Lock()  # of all that follows
        self._ready: tuple[tuple[str, ...], EncodedVocabulary] | None = None
        self._asked = self._answered = 0  # numbers of the newest and of the last completed request
        self._requested = tuple(entries)
        self._error = ""
        self.snapshot = VocabularySnapshot(version, self._requested, predictor.encode(parse(entries)))
        self._thread = SupervisedThread(
            self._encode_next,
            name="vocabulary encoder",
            stopping=lambda: self._requests.closed,
            log_error=on_error,
        )

    @property
    def status(self) -> VocabularyStatus:
        """A consistent snapshot of the status."""
        with self._lock:
            error = self._error or self._thread.error
            state = VocabularyState.FAILED if error else VocabularyState.LIVE
            if not self._thread.error and (self._answered < self._asked or self._ready is not None):
                state = VocabularyState.ENCODING
            return VocabularyStatus(self.snapshot.version, self._requested, state, error)

    def request(self, entries: Sequence[str]) -> None:
        """Request that checked entries are encoded and made live; returns at once."""
        with self._lock:
            self._asked += 1
            self._requested, self._error = tuple(entries), ""
            request = self._asked, self._requested
        self._requests.put(request)

    def adopt(self) -> bool:
        """Make an encoded vocabulary live; return whether there was one. For the worker, between frames."""
        with self._lock:
            ready, self._ready = self._ready, None
            if ready is None:
                return False
            self.snapshot = VocabularySnapshot(self.snapshot.version + 1, *ready)
            return True

    def close(self) -> None:
        """Drop a waiting request and end the thread, after the names that are being encoded."""
        self._requests.close()
        self._thread.join(math.inf)

    def _encode_next(self) -> None:
        request = self._requests.take()
        if request is not None:
            self._encode(*request)

    def _encode(self, number: int, entries: tuple[str, ...]) -> None:
        try:
            encoded = self._encode_in_parts(self._parse(entries))
        except BaseException as error:  # frames continue with the old classes after any error
            reason = f"cannot encode the vocabulary {quoted(list(entries))}: {type(error).__name__}: {error}"
            with self._lock:
                self._answered = number
                if number == self._asked:
                    self._error = reason
            self._on_error(reason)
            return
        if encoded is None or self._unwanted:
            return
        with self._lock:
            self._answered = number
            self._ready = entries, encoded
        self._on_ready()

    @property
    def _unwanted(self) -> bool:
        """Whether a newer request has replaced the current one, or `close` was called."""
        return self._requests.occupied or self._requests.closed

    def _encode_in_parts(self, vocabulary: Vocabulary) -> EncodedVocabulary | None:
        """Encode a vocabulary; return None if it is unwanted. The predictor caches encoded names."""
        names = vocabulary.synonyms
        for start in range(0, len(names) - _PART, _PART):
            if self._unwanted:
                return None
            part = tuple(VocabularyClass((name,)) for name in names[start : start + _PART])
            self._predictor.encode(Vocabulary(part))
        return self._predictor.encode(vocabulary)
