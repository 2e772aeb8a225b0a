"""Changes of the vocabulary, the same for all browsers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from eovseg_ros.msg import Vocabulary
from eovseg_ros.web.robot.service_calls import RequestFailed

LONGEST_ENTRY = 5200  # characters: the node allows 64 names of 80
_MOST_UNDO = 50

Entries = tuple[str, ...]


class Refusal(NamedTuple):
    """An entry that caused an error, and the node's words about it."""

    entry: str
    message: str


class VocabularyEditor:
    """Sends whole vocabularies to the node, and remembers earlier ones.

    All methods belong to one event loop. While a change is being encoded, a further one starts from it.

    Args:
        read: Returns the live vocabulary; None while there is none.
        send: Sets the entries and returns the version that is live with them. Raises RequestFailed.
    """

    def __init__(
        self, read: Callable[[], Vocabulary | None], send: Callable[[Entries], Awaitable[int]]
    ) -> None:
        self._read = read
        self._send = send
        self._pending: Entries | None = None
        self._undo: list[Entries] = []
        self.refusal: Refusal | None = None  # of the last change
        self.encoding: str = ""  # the entry whose change is being encoded; empty if none is

    @property
    def entries(self) -> Entries:
        """What the vocabulary is, or will be once it is encoded."""
        if self._pending is not None:
            return self._pending
        vocabulary = self._read()
        return tuple(vocabulary.entries) if vocabulary else ()

    @property
    def undoable(self) -> bool:
        """Whether there is an earlier vocabulary."""
        return bool(self._undo)

    async def add(self, entry: str) -> None:
        """Add an entry at the end."""
        entry = entry.strip()[:LONGEST_ENTRY]
        if entry:
            await self._change((*self.entries, entry), entry)

    async def remove(self, entry: str) -> None:
        """Remove an entry."""
        await self._change(tuple(e for e in self.entries if e != entry), entry)

    async def replace(self, entry: str, new: str) -> None:
        """Put another entry in the place of one."""
        await self._change(tuple(new if e == entry else e for e in self.entries), new)

    async def use(self, entries: Sequence[str]) -> None:
        """Replace all entries."""
        await self._change(tuple(entries), entries[0] if entries else "")

    async def undo(self) -> None:
        """Return to the vocabulary before the last change."""
        if self._undo:
            earlier = self._undo.pop()
            await self._change(earlier, "undo", remember=False)

    def dismiss(self) -> None:
        """Forget the refusal."""
        self.refusal = None

    async def _change(self, entries: Entries, culprit: str, *, remember: bool = True) -> None:
        before = self.entries
        if entries == before:
            return
        self._pending, self.encoding, self.refusal = entries, culprit, None
        try:
            await self._send(entries)
        except RequestFailed as error:
            if self._pending is entries:  # else it was replaced by a further change of its own
                self.refusal = Refusal(culprit, str(error))
            if not remember:
                self._undo.append(entries)
        else:
            if remember and before:
                self._undo = [*self._undo, before][-_MOST_UNDO:]
        finally:
            if self._pending is entries:
                self._pending, self.encoding = None, ""
