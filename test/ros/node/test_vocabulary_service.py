"""~/set_vocabulary over DDS: the answer comes when the vocabulary is live, and says why if it never is."""

import json
import time

import pytest
from graph import LATCHED, Graph, image_publisher, squares
from lifecycle_msgs.srv import GetState
from own_services import VocabularyService

from eovseg_ros.msg import PanopticSegmentation, Vocabulary
from eovseg_ros.processes.child_process import ChildProcess

REPLACED = "a newer request replaced the vocabulary before it was live; it requested: "


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """An active node for the tests that leave it so, its service, and what it publishes."""
    log = tmp_path_factory.mktemp("vocabulary") / "node.log"
    with Graph() as graph, ChildProcess("stuck_node", log, parameters={"vocabulary": ["cup"]}) as process:
        process.wait_for_log("segmenting /image", 20)
        yield VocabularyService(graph), graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
        process.check_running()
        assert "unexpected error" not in process.log


def test_the_answer_has_the_version_that_is_live(node):
    service, vocabularies = node
    graph = service.graph
    success, version, message = service("mug,cup", "floor|stuff")
    assert (success, message) == (True, "")
    assert service.parameter() == ["mug,cup", "floor|stuff"]
    graph.wait(lambda: vocabularies and vocabularies[-1].version == version)
    assert vocabularies[-1].entries == ["mug,cup", "floor|stuff"]
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    publisher = image_publisher(graph)
    graph.wait(lambda: publisher.publish(graph.picture(squares((3, 0)))) or time.sleep(0.02) or segments)
    assert segments[0].vocabulary_version == version and segments[0].segments[0].label == "mug"
    assert service("mug,cup", "floor|stuff") == (True, version + 1, "")  # the same again


def test_others_are_answered_while_a_vocabulary_is_encoded(node):
    service, vocabularies = node
    graph = service.graph
    state = graph.node.create_client(GetState, "/eovseg/get_state")
    started = time.monotonic()
    pending = service.start("slow mug")
    while not pending.done():
        asked = time.monotonic()
        assert graph.call(state, GetState.Request()).current_state.label == "active"
        assert time.monotonic() - asked < 1
        assert service.parameter() == ["slow mug"] or time.monotonic() - started < 0.5
    assert 2.9 < time.monotonic() - started < 6 and pending.result().success
    graph.wait(lambda: vocabularies[-1].labels == ["slow mug"])


def test_one_that_cannot_be_encoded_is_told_and_the_live_one_stays(node):
    service, vocabularies = node
    _, version, _ = service("cup")
    reason = "cannot encode the vocabulary ['broken mug']: RuntimeError: the text tower tripped"
    assert service("broken mug") == (False, 0, reason)
    assert service("cup") == (True, version + 1, "")


@pytest.mark.parametrize("way", ["service", "parameter"])
def test_a_newer_request_replaces_one_that_is_being_encoded(node, way):
    service, _ = node
    pending = service.start("slow lamp")
    time.sleep(0.5)
    if way == "service":
        newer = service.start("mug", "wall|stuff")
    else:
        assert service.graph.set("/eovseg", vocabulary=["mug", "wall|stuff"])[0].successful
    asked = time.monotonic()
    assert service.answer_of(pending) == (False, 0, REPLACED + "mug, wall|stuff")
    assert time.monotonic() - asked < 1
    if way == "service":
        assert service.answer_of(newer)[0]
    assert service.parameter() == ["mug", "wall|stuff"]
    assert service("cup")[0]


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([], "'vocabulary' is empty: write a list of quoted names"),
        (["mug", "mug"], "'vocabulary' refused: "),
        ([""], "'vocabulary' refused: "),
        (["@nothing"], "'vocabulary' refused: unknown vocabulary @nothing"),
        (["@/no/such.json"], "'vocabulary' refused: /no/such.json: cannot read the file: No such file"),
        (["@/dev/zero"], "'vocabulary' refused: /dev/zero: "),
        (["mug"] * 100_000, "'vocabulary' refused: 100000 classes are too many"),
        (["x" * 1_000_000], "'vocabulary' refused: 'xxx"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_the_parameter_refuses_is_refused(node, entries, reason):
    service, _ = node
    before = service.parameter()
    success, version, message = service(*entries)
    assert (success, version) == (False, 0)
    assert reason in message and len(message) < 2100
    assert service.parameter() == before
    assert service("cup")[0]


def test_a_file_is_read_anew_by_every_request(node, tmp_path):
    service, vocabularies = node
    path = tmp_path / "d.json"
    for name in ("spoon", "fork"):
        path.write_text(json.dumps({"classes": [{"names": [name]}]}))
        success, version, _ = service(f"@{path}")
        service.graph.wait(lambda version=version: vocabularies[-1].version == version)
        assert success and vocabularies[-1].labels == [name] and vocabularies[-1].entries == [f"@{path}"]


def test_a_file_that_hangs_is_refused_after_two_seconds(node, tmp_path):
    service, _ = node
    path = tmp_path / "hanging.json"
    path.touch()
    started = time.monotonic()
    pending = service.start(f"@{path}")
    time.sleep(0.3)
    assert service.parameter() != [f"@{path}"] and time.monotonic() - started < 1
    success, version, message = service.answer_of(pending)
    assert (success, version) == (False, 0) and f"{path}: not read within 2 s" in message
    assert 1.5 < time.monotonic() - started < 4


def test_two_requests_for_a_file_that_hangs_block_nobody(node, tmp_path):
    """The second reads it again, and the first is answered without waiting for that."""
    service, _ = node
    path = tmp_path / "hanging.json"
    path.touch()
    pending = [service.start(f"@{path}")]
    time.sleep(1.0)
    pending.append(service.start(f"@{path}"))
    slowest = 0.0
    while not all(future.done() for future in pending):
        asked = time.monotonic()
        service.parameter()
        slowest = max(slowest, time.monotonic() - asked)
    assert slowest < 0.5
    assert all("not read within 2 s" in future.result().message for future in pending)


def test_a_flood_of_requests_is_answered(node):
    service, vocabularies = node
    pending = [service.start(f"thing {i}") for i in range(90)]
    answers = [service.answer_of(future) for future in pending]
    assert all(success or REPLACED in message for success, _, message in answers)
    versions = [version for success, version, _ in answers if success]
    assert versions == sorted(set(versions)) and answers[-1][0]
    assert service.parameter() == ["thing 89"]
    service.graph.wait(lambda: vocabularies[-1].entries == ["thing 89"])
    live = {v.version: v.entries for v in vocabularies}
    for i, (success, version, _) in enumerate(answers):
        assert not success or live[version] == [f"thing {i}"]
