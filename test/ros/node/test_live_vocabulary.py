import threading
import time

import pytest
from fake_node import Encoded

from eovseg_ros.node.live_vocabulary import LiveVocabulary


class GatedPredictor:
    """Encodes an entry only once its gate is open."""

    def __init__(self):
        self.gates = {}
        self.started = []

    def encode(self, vocabulary):
        name = vocabulary.labels[0]
        self.started.append(name)
        if name in self.gates:
            assert self.gates[name].wait(5)
        if name == "broken":
            raise RuntimeError("out of memory")
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
    assert harness.live.state == "live"
    assert not harness.live.adopt()


def test_a_new_one_goes_live_where_it_is_adopted_and_not_before(harness):
    old = harness.live.snapshot
    harness.live.request(["second"])
    assert harness.ready.acquire(timeout=5)
    assert harness.live.snapshot is old
    assert harness.live.state == "encoding"
    assert harness.live.adopt()
    assert (harness.live.snapshot.version, harness.live.snapshot.labels) == (2, ("second",))
    assert (old.version, old.labels) == (1, ("first", "floor"))
    assert harness.live.state == "live"


def test_a_newer_one_overtakes_one_still_being_encoded(harness):
    gate = harness.predictor.gates["slow"] = threading.Event()
    harness.live.request(["slow"])
    deadline = time.monotonic() + 10
    while "slow" not in harness.predictor.started:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    harness.live.request(["between"])
    harness.live.request(["newest"])
    assert harness.live.state == "encoding"
    gate.set()
    assert harness.ready.acquire(timeout=5)
    assert harness.live.adopt()
    assert (harness.live.snapshot.version, harness.live.snapshot.labels) == (2, ("newest",))
    assert harness.predictor.started == ["first", "slow", "newest"]
    assert not harness.ready.acquire(timeout=0.1)


@pytest.mark.parametrize("end", ["close", "overtake"])
def test_the_encoding_of_a_large_one_stops_where_nobody_wants_it_any_more(harness, end):
    gate = harness.predictor.gates["thing 16"] = threading.Event()
    harness.live.request([f"thing {i}" for i in range(1000)])
    deadline = time.monotonic() + 10
    while "thing 16" not in harness.predictor.started:  # its second part
        assert time.monotonic() < deadline
        time.sleep(0.001)
    if end == "close":
        closing = threading.Thread(target=harness.live.close)
        closing.start()
        time.sleep(0.1)
        gate.set()
        closing.join(5)
        assert not closing.is_alive()
        assert harness.predictor.started == ["first", "thing 0", "thing 16"]
    else:
        harness.live.request(["newest"])
        gate.set()
        assert harness.ready.acquire(timeout=5)
        assert harness.live.adopt()
        assert harness.live.snapshot.labels == ("newest",)
        assert harness.predictor.started == ["first", "thing 0", "thing 16", "newest"]


@pytest.mark.parametrize("size", [1, 16, 17, 40])
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
    assert harness.live.error == ""
    assert harness.live.snapshot.labels == ("third",)


def test_closing_ends_the_thread_that_encodes(harness):
    named = {thread for thread in threading.enumerate() if thread.name == "vocabulary encoder"}
    assert len(named) == 1
    harness.live.close()
    assert not named.pop().is_alive()
