"""Reads vocabularies, in a thread if the entries name files, because a disk may be slow or never answer."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError

from eovseg_model.vocabulary import Vocabulary, VocabularyError, named_files

READ_SECONDS = 2.0  # timeout for the files of one vocabulary
_MOST_UNFINISHED = 8  # threads; one that waits for a dead disk cannot be ended
_KEPT = 8  # results; there are rarely more requests at the same time

Entries = tuple[str, ...]
Parse = Callable[[Sequence[str]], Vocabulary]


class VocabularyReader:
    """Reads vocabularies within `seconds` each, and keeps the newest results for `parse`. Thread-safe."""

    def __init__(self, read: Parse = Vocabulary.parse, seconds: float = READ_SECONDS) -> None:
        self._read = read
        self._seconds = seconds
        self._lock = threading.Lock()  # of what follows
        self._reads = 0  # begun so far
        # The number of the read and its result; the one kept last is at the end.
        self._results: OrderedDict[Entries, tuple[int, Future[Vocabulary]]] = OrderedDict()
        self._unfinished = 0

    def parse(self, entries: Sequence[str]) -> Vocabulary:
        """Return the newest result of `read`, or read now. Raises VocabularyError for invalid entries.

        Does not wait where a read has ended, even if another has begun.
        """
        with self._lock:
            _, result = self._results.get(tuple(entries), (0, None))
        return (result or self.read(entries)).result()

    def read(self, entries: Sequence[str]) -> "Future[Vocabulary]":
        """Read entries again: in a thread, within `seconds`, if they name files, else at once."""
        result: Future[Vocabulary] = Future()
        with self._lock:
            self._reads += 1
            number = self._reads
        if tuple(entries) not in self._results:
            self._keep(tuple(entries), number, result)
        result.add_done_callback(lambda _: self._keep(tuple(entries), number, result))
        files = named_files(entries)
        if files:
            self._start(entries, files, result)
        else:
            self._complete(entries, result)
        return result

    def _keep(self, entries: Entries, number: int, result: "Future[Vocabulary]") -> None:
        with self._lock:
            newest, _ = self._results.get(entries, (0, None))
            if newest > number:
                return  # a read that began later has ended before
            self._results[entries] = number, result
            self._results.move_to_end(entries)
            while len(self._results) > _KEPT:
                self._results.popitem(last=False)

    def _start(self, entries: Sequence[str], files: Sequence[str], result: "Future[Vocabulary]") -> None:
        with self._lock:
            full = self._unfinished >= _MOST_UNFINISHED
            self._unfinished += not full
        names = _listed(files)
        if full:
            reason = f"not read: {_MOST_UNFINISHED} earlier requests still wait for their files; try later"
            result.set_exception(VocabularyError(f"{names}: {reason}"))
            return
        reason = f"not read within {self._seconds:g} s: copy it to a local disk, or try again"
        timer = threading.Timer(self._seconds, _fail, (result, VocabularyError(f"{names}: {reason}")))
        timer.daemon = True
        timer.start()
        result.add_done_callback(lambda _: timer.cancel())
        threading.Thread(
            target=self._run, args=(entries, result), name="vocabulary reader", daemon=True
        ).start()

    def _run(self, entries: Sequence[str], result: "Future[Vocabulary]") -> None:
        try:
            self._complete(entries, result)
        finally:
            with self._lock:
                self._unfinished -= 1

    def _complete(self, entries: Sequence[str], result: "Future[Vocabulary]") -> None:
        try:
            vocabulary = self._read(entries)
        except VocabularyError as error:
            _fail(result, error)
        except Exception as error:
            names = _listed(named_files(entries)) or "the entries"
            _fail(result, VocabularyError(f"{names}: cannot be read: {type(error).__name__}: {error}"))
        else:
            try:
                result.set_result(vocabulary)
            except InvalidStateError:
                pass  # too late


def _listed(files: Sequence[str]) -> str:
    return ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")


def _fail(result: "Future[Vocabulary]", error: VocabularyError) -> None:
    try:
        result.set_exception(error)
    except InvalidStateError:
        pass  # timer and reader may both end the request
