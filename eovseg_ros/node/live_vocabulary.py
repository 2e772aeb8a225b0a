"""The live vocabulary, and the thread that encodes the next one in the background."""

import enum
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from eovseg_model.vocabulary import Vocabulary, VocabularyClass, quoted
from eovseg_ros.node.mailbox import Mailbox
from eovseg_ros.node.predictor import EncodedVocabulary, Predictor
from eovseg_ros.node.threads.supervised_thread import SupervisedThread

# Names to encode between checks for newer requests: half a second for S on one core.
_PART = 2

_CLOSED = "the node was cleaned up before the vocabulary was live"


class VocabularyNotLive(Exception):
    """Raised if a requested vocabulary does not go live; the message says why."""


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


@dataclass(frozen=True, eq=False)
class _Request:
    number: int
    entries: tuple[str, ...]
    outcome: Future[int] = field(default_factory=Future)

    def fail(self, reason: str) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(VocabularyNotLive(reason))


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
        self._requests: Mailbox[_Request] = Mailbox()
        self._lock = threading.Lock()  # of all that follows, and of the outcomes
        self._ready: tuple[_Request, EncodedVocabulary] | None = None
        self._newest = _Request(0, tuple(entries))
        self._answered = 0  # number of the last completed request
        self._error = ""
        self.snapshot = VocabularySnapshot(version, tuple(entries), predictor.encode(parse(entries)))
        self._newest.outcome.set_result(version)
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
            if not self._thread.error and (self._answered < self._newest.number or self._ready is not None):
                state = VocabularyState.ENCODING
            return VocabularyStatus(self.snapshot.version, self._newest.entries, state, error)

    @property
    def outcome(self) -> Future[int]:
        """Outcome of the newest request: its version once it is live, or VocabularyNotLive."""
        return self._newest.outcome

    def request(self, entries: Sequence[str]) -> None:
        """Request that checked entries are encoded and made live; returns at once."""
        with self._lock:
            before, self._newest = self._newest, _Request(self._newest.number + 1, tuple(entries))
            self._error = ""
            if self._ready is None or self._ready[0] is not before:  # else it still goes live
                before.fail(_replaced_by(self._newest))
            if self._requests.closed:
                self._newest.fail(_CLOSED)
            self._requests.put(self._newest)

    def adopt(self) -> bool:
        """Make an encoded vocabulary live; return whether there was one. For the worker, between frames."""
        with self._lock:
            ready, self._ready = self._ready, None
            if ready is None:
                return False
            request, encoded = ready
            self.snapshot = VocabularySnapshot(self.snapshot.version + 1, request.entries, encoded)
            request.outcome.set_result(self.snapshot.version)
            return True

    def close(self) -> None:
        """Drop all requests and end the thread, after the names that are being encoded."""
        with self._lock:
            self._requests.close()
            self._newest.fail(_CLOSED)
            if self._ready:
                self._ready[0].fail(_CLOSED)
                self._ready = None
        self._thread.join(math.inf)

    def _encode_next(self) -> None:
        request = self._requests.take()
        if request is not None:
            self._encode(request)

    def _encode(self, request: _Request) -> None:
        try:
            vocabulary = self._parse(request.entries)
            encoded = encode_in_parts(self._predictor, vocabulary, lambda: self._unwanted(request))
        except BaseException as error:  # frames continue with the old classes after any error
            entries = quoted(list(request.entries))
            reason = f"cannot encode the vocabulary {entries}: {type(error).__name__}: {error}"
            with self._lock:
                self._answered = request.number
                if request is self._newest:
                    self._error = reason
                request.fail(reason)
            self._on_error(reason)
            return
        with self._lock:
            if encoded is None or self._unwanted(request):
                return
            self._answered = request.number
            if self._ready:
                self._ready[0].fail(_replaced_by(request))
            self._ready = request, encoded
        self._on_ready()

    def _unwanted(self, request: _Request) -> bool:
        """Whether a newer request has replaced this one, or `close` was called."""
        return request is not self._newest or self._requests.closed


def encode_in_parts(
    predictor: Predictor, vocabulary: Vocabulary, unwanted: Callable[[], bool]
) -> EncodedVocabulary | None:
    """Encode a vocabulary; return None once it is unwanted. The predictor caches encoded names."""
    names = vocabulary.synonyms
    for start in range(0, len(names) - _PART, _PART):
        if unwanted():
            return None
        part = tuple(VocabularyClass((name,)) for name in names[start : start + _PART])
        predictor.encode(Vocabulary(part))
    return predictor.encode(vocabulary)


def _replaced_by(request: _Request) -> str:
    entries = ", ".join(request.entries)
    return f"a newer request replaced the vocabulary before it was live; it requested: {entries}"
