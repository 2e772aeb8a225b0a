import threading
import time

import pytest
from fake_node import Encoded

from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.node.live_vocabulary import (
    LiveVocabulary,
    VocabularyNotLive,
    VocabularyState,
    VocabularyStatus,
)
from eovseg_ros.node.threads import supervised_thread


class GatedPredictor:
    """Encodes an entry only once its gate is open."""

    def __init__(self):
        self.gates = {}
        self.started = []
        self.names = []

    def encode(self, vocabulary):
        name = vocabulary.labels[0]
        self.started.append(name)
        self.names.append(vocabulary.synonyms)
        if name in self.gates:
            assert self.gates[name].wait(5)
        if name == "broken":
            raise RuntimeError("out of memory")
        if name == "exit":
            raise SystemExit(3)
        return Encoded(vocabulary)


class Harness:
    def __init__(self):
        self.predictor = GatedPredictor()
        self.ready = threading.Semaphore(0)
        self.errors = []
        self.failed = threading.Event()
        self.live = LiveVocabulary(
            predictor=self.predictor,
            entries=["first", "floor|stuff"],
            version=1,
            on_ready=self.ready.release,
            on_error=self.keep_error,
        )

    def keep_error(self, text):
        self.errors.append(text)
        self.failed.set()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """Before a thread that failed starts again."""
    monkeypatch.setattr(supervised_thread, "_FIRST_PAUSE", 0.05)


@pytest.fixture
def harness():
    harness = Harness()
    yield harness
    for gate in harness.predictor.gates.values():
        gate.set()
    harness.live.close()


def test_the_first_vocabulary_is_live_at_once(harness):
    assert harness.live.snapshot.version == 1
    assert harness.live.snapshot.labels == ("first", "floor")
    assert harness.live.snapshot.is_thing == (True, False)
    assert harness.live.status.state is VocabularyState.LIVE
    assert not harness.live.adopt()


def test_a_new_one_goes_live_where_it_is_adopted_and_not_before(harness):
    old = harness.live.snapshot
    harness.live.request(["second"])
    assert harness.ready.acquire(timeout=5)
    assert harness.live.snapshot is old
    assert harness.live.status.state is VocabularyState.ENCODING
    assert harness.live.adopt()
    assert (harness.live.snapshot.version, harness.live.snapshot.labels) == (2, ("second",))
    assert (old.version, old.labels) == (1, ("first", "floor"))
    assert harness.live.status.state is VocabularyState.LIVE


def test_a_newer_one_overtakes_one_still_being_encoded(harness):
    gate = harness.predictor.gates["slow"] = threading.Event()
    harness.live.request(["slow"])
    deadline = time.monotonic() + 10
    while "slow" not in harness.predictor.started:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    harness.live.request(["between"])
    harness.live.request(["newest"])
    assert harness.live.status.state is VocabularyState.ENCODING
    gate.set()
    assert harness.ready.acquire(timeout=5)
    assert harness.live.adopt()
    assert (harness.live.snapshot.version, harness.live.snapshot.labels) == (2, ("newest",))
    assert harness.predictor.started == ["first", "slow", "newest"]
    assert not harness.ready.acquire(timeout=0.1)


@pytest.mark.parametrize("end", ["close", "overtake"])
def test_the_encoding_of_a_large_one_stops_where_nobody_wants_it_any_more(harness, end):
    gate = harness.predictor.gates["thing 2"] = threading.Event()
    harness.live.request([f"thing {i}" for i in range(1000)])
    deadline = time.monotonic() + 10
    while "thing 2" not in harness.predictor.started:  # its second part
        assert time.monotonic() < deadline
        time.sleep(0.001)
    if end == "close":
        closing = threading.Thread(target=harness.live.close)
        closing.start()
        time.sleep(0.1)
        gate.set()
        closing.join(5)
        assert not closing.is_alive()
        assert harness.predictor.started == ["first", "thing 0", "thing 2"]
    else:
        harness.live.request(["newest"])
        gate.set()
        assert harness.ready.acquire(timeout=5)
        assert harness.live.adopt()
        assert harness.live.snapshot.labels == ("newest",)
        assert harness.predictor.started == ["first", "thing 0", "thing 2", "newest"]


def test_synonyms_are_encoded_in_parts_too(harness):
    harness.live.request(["mug,cup,beaker", "ball,sphere"])
    assert harness.ready.acquire(timeout=5)
    assert harness.predictor.names == [
        ("first", "floor"),
        ("mug", "cup"),
        ("beaker", "ball"),
        ("mug", "cup", "beaker", "ball", "sphere"),
    ]
    assert harness.live.adopt()
    assert harness.live.snapshot.labels == ("mug", "ball")


def test_an_error_quotes_little_of_a_large_vocabulary(harness):
    harness.live.request(["broken", *(f"thing {i}" for i in range(4000))])
    assert harness.failed.wait(5)
    assert harness.errors[0].startswith("cannot encode the vocabulary ['broken', 'thing 0', 'thing 1'")
    assert harness.errors[0].endswith("...: RuntimeError: out of memory") and len(harness.errors[0]) < 300


@pytest.mark.parametrize("size", [1, 2, 3, 4, 40])
def test_a_large_one_goes_live_as_a_whole(harness, size):
    names = tuple(f"thing {i}" for i in range(size))
    harness.live.request(names)
    assert harness.ready.acquire(timeout=5)
    assert harness.live.adopt()
    assert harness.live.snapshot.labels == names


def test_a_failed_one_is_reported_and_the_old_one_stays(harness):
    harness.live.request(["broken"])
    assert harness.failed.wait(5)
    assert "broken" in harness.errors[0] and "out of memory" in harness.errors[0]
    assert not harness.live.adopt()
    assert harness.live.snapshot.version == 1
    harness.live.request(["third"])
    assert harness.ready.acquire(timeout=5)
    assert harness.live.adopt()
    assert harness.live.status.error == ""
    assert harness.live.snapshot.labels == ("third",)


def test_closing_ends_the_thread_that_encodes(harness):
    named = {thread for thread in threading.enumerate() if thread.name == "vocabulary encoder"}
    assert len(named) == 1
    harness.live.close()
    assert not named.pop().is_alive()


def test_the_status_names_the_newest_request_whatever_became_of_it(harness):
    first = ("first", "floor|stuff")
    assert harness.live.status == VocabularyStatus(1, first, VocabularyState.LIVE, "")
    harness.live.request(["broken"])
    assert harness.failed.wait(5)
    failed = VocabularyStatus(1, ("broken",), VocabularyState.FAILED, harness.errors[0])
    assert harness.live.status == failed
    gate = harness.predictor.gates["slow"] = threading.Event()
    harness.live.request(["slow"])  # its own error, not the one of the request before it
    assert harness.live.status == VocabularyStatus(1, ("slow",), VocabularyState.ENCODING, "")
    gate.set()
    assert harness.ready.acquire(timeout=5)
    assert harness.live.status.state is VocabularyState.ENCODING  # until the worker takes it
    assert harness.live.adopt()
    assert harness.live.status == VocabularyStatus(2, ("slow",), VocabularyState.LIVE, "")
    assert harness.live.snapshot.entries == ("slow",)


def test_the_failure_of_an_overtaken_request_is_no_error_of_the_newest(harness):
    broken = harness.predictor.gates["broken"] = threading.Event()
    newest = harness.predictor.gates["newest"] = threading.Event()
    harness.live.request(["broken"])
    deadline = time.monotonic() + 10
    while "broken" not in harness.predictor.started:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    harness.live.request(["newest"])
    broken.set()
    assert harness.failed.wait(5)  # it is logged all the same
    assert harness.live.status == VocabularyStatus(1, ("newest",), VocabularyState.ENCODING, "")
    newest.set()
    assert harness.ready.acquire(timeout=5)


def test_entries_mean_what_the_owner_says(harness):
    live = LiveVocabulary(
        predictor=harness.predictor,
        entries=["@default"],
        version=1,
        parse=lambda entries: Vocabulary.parse([e.replace("@default", "lamp") for e in entries]),
        on_ready=harness.ready.release,
        on_error=harness.keep_error,
    )
    assert (live.snapshot.entries, live.snapshot.labels) == (("@default",), ("lamp",))
    live.request(["@default", "mug"])
    assert harness.ready.acquire(timeout=5) and live.adopt()
    assert (live.snapshot.entries, live.snapshot.labels) == (("@default", "mug"), ("lamp", "mug"))
    live.close()


def test_an_encoder_that_asks_the_process_to_end_fails_like_any_other(harness):
    harness.live.request(["exit"])
    assert harness.failed.wait(5)
    assert "SystemExit: 3" in harness.live.status.error
    harness.live.request(["next"])
    assert harness.ready.acquire(timeout=5)
    assert harness.live.adopt() and harness.live.status.error == ""


def test_a_thread_that_fails_is_told_and_starts_again(harness):
    fails = [MemoryError("in on_ready")]
    harness.live._on_ready = lambda: (fails and (_ for _ in ()).throw(fails.pop())) or harness.ready.release()
    harness.live.request(["second"])
    assert harness.failed.wait(5)
    assert harness.live.status.state == VocabularyState.FAILED
    assert "vocabulary encoder" in harness.live.status.error and "MemoryError" in harness.live.status.error
    harness.live.request(["third"])
    assert harness.ready.acquire(timeout=5)
    deadline = time.monotonic() + 5
    while harness.live.status.error:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert harness.live.adopt() and harness.live.snapshot.labels == ("third",)


def wait_for_start(harness, name):
    deadline = time.monotonic() + 10
    while name not in harness.predictor.started:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def reason_of(outcome):
    with pytest.raises(VocabularyNotLive) as error:
        outcome.result(5)
    return str(error.value)


def test_the_outcome_is_the_version_once_it_is_live(harness):
    assert harness.live.outcome.result(0) == 1
    harness.live.request(["second"])
    outcome = harness.live.outcome
    assert harness.ready.acquire(timeout=5)
    assert not outcome.done()  # encoded, but not live
    assert harness.live.adopt()
    assert outcome.result(0) == 2 and harness.live.outcome is outcome


def test_the_outcome_of_a_failure_is_its_reason(harness):
    harness.live.request(["broken"])
    assert reason_of(harness.live.outcome) == (
        "cannot encode the vocabulary ['broken']: RuntimeError: out of memory"
    )


def test_requests_that_a_newer_one_replaces_are_told_at_once(harness):
    gate = harness.predictor.gates["slow"] = threading.Event()
    outcomes = []
    for name in ("slow", "between", "newest,best"):
        harness.live.request([name])
        outcomes.append(harness.live.outcome)
        wait_for_start(harness, "slow")
    reasons = [reason_of(outcome) for outcome in outcomes[:2]]  # before the gate is open
    text = "a newer request replaced the vocabulary before it was live; it requested: "
    assert reasons == [text + "between", text + "newest,best"]
    gate.set()
    assert harness.ready.acquire(timeout=5) and harness.live.adopt()
    assert outcomes[2].result(0) == 2


def test_one_that_is_encoded_still_goes_live_before_a_newer_one_is(harness):
    gate = harness.predictor.gates["slow"] = threading.Event()
    harness.live.request(["second"])
    second = harness.live.outcome
    assert harness.ready.acquire(timeout=5)
    harness.live.request(["slow"])
    wait_for_start(harness, "slow")
    assert not second.done() and harness.live.adopt()
    assert second.result(0) == 2
    gate.set()
    assert harness.ready.acquire(timeout=5) and harness.live.adopt()
    assert harness.live.outcome.result(0) == 3


def test_one_that_is_encoded_is_replaced_by_another_that_is(harness):
    harness.live.request(["second"])
    second = harness.live.outcome
    assert harness.ready.acquire(timeout=5)
    harness.live.request(["third"])
    assert harness.ready.acquire(timeout=5)
    assert reason_of(second).endswith("before it was live; it requested: third")
    assert harness.live.adopt() and harness.live.outcome.result(0) == 2
    assert harness.live.snapshot.labels == ("third",)


def test_closing_answers_every_request(harness):
    harness.live.request(["second"])
    second = harness.live.outcome
    assert harness.ready.acquire(timeout=5)
    gate = harness.predictor.gates["slow"] = threading.Event()
    harness.live.request(["slow"])
    wait_for_start(harness, "slow")
    closing = threading.Thread(target=harness.live.close)
    closing.start()
    closed = "the node was cleaned up before the vocabulary was live"
    assert [reason_of(second), reason_of(harness.live.outcome)] == [closed, closed]
    harness.live.request(["late"])
    assert reason_of(harness.live.outcome) == closed
    gate.set()
    closing.join(5)
    assert not closing.is_alive() and not harness.live.adopt()
