"""Vocabularies whose files take long: read in threads, within a time, and kept for whoever parses them."""

import threading
import time

import pytest

from eovseg_model.vocabulary import Vocabulary, VocabularyError
from eovseg_ros.node.requests.vocabulary_reader import READ_SECONDS, VocabularyReader

FILE = "@/tools.json"


class Disk:
    """Counts what is read; a read of a file waits for the gate."""

    def __init__(self):
        self.gate = threading.Event()
        self.read = []
        self.answer = lambda entries: Vocabulary.parse([e.strip("@/") for e in entries])

    def __call__(self, entries):
        self.read.append(tuple(entries))
        if FILE in entries:
            assert self.gate.wait(10)
        return self.answer(entries)


def wait_for_readers():
    for thread in threading.enumerate():
        if thread.name == "vocabulary reader":
            thread.join(5)


@pytest.fixture
def disk():
    disk = Disk()
    yield disk
    disk.gate.set()


def test_entries_without_files_are_read_at_once(disk):
    result = VocabularyReader(disk).read(("mug", "@lvis"))
    assert result.done() and result.result().labels == ("mug", "lvis")


def test_files_are_read_in_the_background(disk):
    reader = VocabularyReader(disk)
    result = reader.read((FILE,))
    assert not result.done()
    disk.gate.set()
    assert result.result(5).labels == ("tools.json",)


def test_what_was_read_is_not_read_again_unless_asked_for(disk):
    disk.gate.set()
    reader = VocabularyReader(disk)
    assert reader.parse((FILE,)) is reader.parse([FILE])
    assert disk.read == [(FILE,)]
    reader.read((FILE,)).result(5)
    assert reader.parse((FILE,)) and disk.read == [(FILE,)] * 2


def test_what_was_read_serves_until_a_new_read_is_done(disk):
    disk.gate.set()
    reader = VocabularyReader(disk)
    first = reader.read((FILE,)).result(5)
    disk.gate.clear()
    second = reader.read((FILE,))
    third = reader.read((FILE,))
    started = time.monotonic()
    assert reader.parse((FILE,)) is first and time.monotonic() - started < 0.5
    disk.gate.set()
    assert second.result(5) and third.result(5) is not first
    assert reader.parse((FILE,)) is third.result()


def test_an_older_read_that_ends_late_does_not_replace_a_newer_one():
    gates = [threading.Event(), threading.Event()]
    reads = iter(gates)
    results = iter(["newer", "older"])

    def read(entries):
        assert next(reads).wait(5)
        return Vocabulary.parse([next(results)])

    reader = VocabularyReader(read)
    older = reader.read((FILE,))
    newer = reader.read((FILE,))
    gates[1].set()
    assert newer.result(5).labels == ("newer",)
    gates[0].set()
    assert older.result(5).labels == ("older",)
    assert reader.parse((FILE,)).labels == ("newer",)


def test_a_slow_file_is_refused_by_its_name_for_good(disk):
    reader = VocabularyReader(disk, seconds=0.2)
    started = time.monotonic()
    with pytest.raises(VocabularyError, match=r"^/tools.json: not read within 0.2 s"):
        reader.parse((FILE, "mug"))
    assert 0.2 <= time.monotonic() - started < 2
    disk.gate.set()
    with pytest.raises(VocabularyError, match="not read within"):  # though the thread has got it by now
        reader.parse((FILE, "mug"))


def test_an_error_after_the_time_is_dropped(disk, monkeypatch):
    errors = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    disk.answer = lambda entries: Vocabulary.parse(["mug", "mug"])
    result = VocabularyReader(disk, seconds=0.1).read((FILE,))
    with pytest.raises(VocabularyError, match="not read within 0.1 s"):
        result.result(5)
    disk.gate.set()
    wait_for_readers()
    assert errors == [] and "not read within" in str(result.exception())


def test_two_seconds_are_enough_for_local_files(disk):
    assert READ_SECONDS == 2.0
    assert VocabularyReader()._seconds == 2.0


def test_only_eight_slow_reads_are_under_way(disk):
    disk.gate.set()
    reader = VocabularyReader(disk, seconds=0.1)
    assert reader.read((FILE,)).result(5)
    wait_for_readers()
    disk.gate.clear()
    results = [reader.read((FILE, f"thing {i}")) for i in range(10)]
    for result in results[:8]:
        with pytest.raises(VocabularyError, match="not read within"):
            result.result(5)
    for result in results[8:]:
        assert result.done()
        with pytest.raises(VocabularyError, match="/tools.json: not read: 8 earlier requests still wait"):
            result.result()
    disk.gate.set()
    deadline = time.monotonic() + 5
    while "not read: " in str(reader.read((FILE,)).exception(5)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert reader.parse((FILE,)).labels == ("tools.json",)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("too deep"), OSError("gone")])
def test_any_error_is_a_refusal(disk, error):
    def fail(entries):
        raise error

    disk.answer = fail
    disk.gate.set()
    for entries, name in (((FILE,), "/tools.json"), (("mug",), "the entries")):
        with pytest.raises(VocabularyError, match=f"^{name}: cannot be read: {type(error).__name__}"):
            VocabularyReader(disk).parse(entries)


def test_a_list_of_many_files_is_shortened(disk):
    entries = tuple(f"@/{i}.json" for i in range(100))
    reader = VocabularyReader(lambda entries: disk.gate.wait(10), seconds=0.1)
    with pytest.raises(VocabularyError, match="^/0.json, /1.json, /2.json and 97 more: not read within"):
        reader.parse(entries)


def test_old_results_are_forgotten(disk):
    reader = VocabularyReader(disk)
    for i in range(9):
        reader.parse((f"thing {i}",))
    reader.parse(("thing 1",))
    assert len(disk.read) == 9
    reader.parse(("thing 0",))
    assert len(disk.read) == 10
