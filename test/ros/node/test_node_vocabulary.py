"""The vocabulary changed while pictures stream in."""

import time

import pytest
from graph import LATCHED, image_publisher, squares, stamp_of
from sensor_msgs.msg import Image

from eovseg_ros.messages.images import image_to_array
from eovseg_ros.msg import PanopticSegmentation, Vocabulary


@pytest.fixture
def node(graph, start_fake, monkeypatch, request):
    parallel_frames = getattr(request, "param", 1)
    monkeypatch.setenv("FAKE_SECONDS", str(0.015 * parallel_frames))
    return start_fake(diagnostics_rate=10.0, parallel_frames=parallel_frames)


class Stream:
    """Pictures at 50 Hz for as long as the test says, and all that comes back."""

    def __init__(self, graph):
        self.graph = graph
        self.reports = graph.collect_diagnostics()
        self.vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
        self.segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
        self.images = [
            graph.collect(Image, f"/eovseg/{name}") for name in ("panoptic", "semantic", "overlay")
        ]
        self.publisher = image_publisher(graph)
        graph.wait_for_subscribers(self.publisher)
        answers = [self.reports, self.vocabularies, self.segments, *self.images]
        self.until(lambda: all(answers), "the first answers")

    def until(self, condition, what, seconds=15.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            self.publisher.publish(self.graph.picture(squares((3, 0), (7, 1))))
            time.sleep(0.02)

    def until_live(self, labels):
        self.until(lambda: self.vocabularies[-1].labels == labels, labels)

    def has_frame_of_last_version(self):
        return self.segments[-1].vocabulary_version == self.vocabularies[-1].version

    def check_labels(self):
        """No frame has a label that does not belong to the version that it names."""
        labels_of = {v.version: v.labels for v in self.vocabularies}
        for message in self.segments:
            labels = labels_of[message.vocabulary_version]
            for s in message.segments:
                assert s.label == labels[s.class_id]
        versions = [message.vocabulary_version for message in self.segments]
        assert versions == sorted(versions)
        return versions

    def check_complete(self):
        """Every frame that the worker took came out, in order, on every topic."""
        last = stamp_of(self.segments[-1])
        self.graph.wait(lambda: all(stamp_of(images[-1]) >= last for images in self.images))
        time.sleep(0.3)
        expected = [stamp_of(message) for message in self.segments]
        assert expected == sorted(set(expected))
        for images in self.images:
            first = stamp_of(images[0])  # discovery may have let a topic start later
            common = [stamp for stamp in expected if stamp >= first]
            assert [stamp_of(m) for m in images if stamp_of(m) >= expected[0]] == common
            assert len(common) > 0.8 * len(expected)
        report = self.reports[-1]
        started = int(report["published"]) - len(expected)
        assert 0 <= started <= 3  # before the subscription was there
        assert int(report["failed frames"]) == int(report["bad images"]) == 0


@pytest.mark.parametrize("node", [1, 3], indirect=True, ids=["one frame", "three frames at a time"])
def test_switching_under_load(graph, node):
    stream = Stream(graph)
    sets = [["cup", "ball"], ["mug"], ["a", "b", "c|stuff"], ["box", "wall|stuff"], ["one", "two", "three"]]
    for entries in sets:
        assert graph.set("/eovseg", vocabulary=entries)[0].successful
        stream.until_live([entry.removesuffix("|stuff") for entry in entries])
        stream.until(stream.has_frame_of_last_version, "a frame with it")
    versions = stream.check_labels()
    stream.check_complete()
    assert [v.version for v in stream.vocabularies] == [1, 2, 3, 4, 5, 6]
    assert set(versions) == {1, 2, 3, 4, 5, 6}
    assert set(image_to_array(stream.images[1][-1]).flat) == {0, 1, 2}


def test_frames_go_on_with_the_old_classes_while_the_new_ones_are_encoded(graph, node):
    stream = Stream(graph)
    before = len(stream.segments)
    assert graph.set("/eovseg", vocabulary=["slow thing", "other"])[0].successful
    stream.until(lambda: stream.reports[-1]["vocabulary state"] == "encoding", "the encoding to be reported")
    stream.until_live(["slow thing", "other"])
    versions = [m.vocabulary_version for m in stream.segments[before:]]
    assert versions.count(1) > 45  # of the 3 s that the encoding took, at 50 Hz
    stream.until(lambda: stream.reports[-1]["vocabulary version"] == "2", "the version to be reported")
    assert stream.reports[-1]["vocabulary state"] == "live"
    stream.check_labels()


def test_a_newer_vocabulary_overtakes_one_that_is_still_being_encoded(graph, node):
    stream = Stream(graph)
    for entries in (["slow thing"], ["never seen"], ["newest"]):
        assert graph.set("/eovseg", vocabulary=entries)[0].successful
    stream.until_live(["newest"])
    assert [(v.version, v.labels) for v in stream.vocabularies] == [
        (1, ["cup", "ball", "floor"]),
        (2, ["newest"]),
    ]


def test_a_vocabulary_that_cannot_be_encoded_is_an_error_and_the_old_one_stays(graph, node):
    stream = Stream(graph)
    assert graph.set("/eovseg", vocabulary=["broken thing"])[0].successful
    stream.until(lambda: stream.reports[-1]["vocabulary error"], "the error in the diagnostics")
    assert "the text tower tripped" in stream.reports[-1]["vocabulary error"]
    assert stream.reports[-1]["level"] == b"\x02"
    assert "the text tower tripped" in node.log
    frames = len(stream.segments)
    stream.until(lambda: len(stream.segments) > frames, "frames after the failure")
    assert stream.segments[-1].vocabulary_version == 1
    assert graph.set("/eovseg", vocabulary=["mended"])[0].successful
    stream.until_live(["mended"])
    stream.until(lambda: stream.reports[-1]["vocabulary error"] == "", "the error to be taken back")


def test_a_vocabulary_goes_live_without_images_too(graph, node):
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    assert graph.set("/eovseg", vocabulary=["lamp"])[0].successful
    graph.wait(lambda: vocabularies and vocabularies[-1].labels == ["lamp"])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("[]", "'vocabulary' is empty"),
        ("mug", "must be a list of strings, got the string 'mug'"),
        ("[yes, no]", "must be a list of strings"),
        ("[mug, 1]", "must be a list of strings"),
        ("[mug, mug]", "duplicate"),
    ],
)
def test_a_wrong_vocabulary_is_refused_with_a_reason(refusing_node, value, reason):
    graph = refusing_node
    result = graph.set("/eovseg", vocabulary=value)[0]
    assert not result.successful
    assert reason in result.reason


def test_what_is_fixed_at_run_time_is_refused_with_a_reason(refusing_node):
    fixed, live = refusing_node.set("/eovseg", device="cuda", overlay_opacity=1)
    assert not fixed.successful and "restart the node" in fixed.reason
    assert live.successful


@pytest.fixture(scope="module")
def refusing_node(tmp_path_factory):
    """One node for all refusals, which change nothing."""
    from graph import Graph

    from eovseg_ros.processes.child_process import ChildProcess

    log = tmp_path_factory.mktemp("refusing") / "node.log"
    with Graph() as graph, ChildProcess("fake_node", log, parameters={"vocabulary": ["cup"]}) as node:
        node.wait_for_log("segmenting", 20)
        yield graph
        node.check_running()
