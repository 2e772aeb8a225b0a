"""~/segment over DDS: the answer is right, the stream goes on, and every request is answered."""

import time

import pytest
from graph import LATCHED, Graph, image_publisher, squares
from lifecycle_msgs.srv import GetState
from own_services import MAGENTA, SegmentService, answer_of, beginning_in, slow_picture
from rcl_interfaces.srv import GetParameters
from sensor_msgs.msg import Image

from eovseg_ros.messages.images import image_to_array
from eovseg_ros.msg import PanopticSegmentation, Status, Vocabulary
from eovseg_ros.processes.child_process import ChildProcess


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One node for all tests that leave it active with the vocabulary of the start."""
    log = tmp_path_factory.mktemp("segment") / "node.log"
    parameters = {
        "vocabulary": ["cup", "ball", "floor|stuff"],
        "diagnostics_rate": 10.0,
        "max_pixels": 90_000,
    }
    with Graph() as graph, ChildProcess("stuck_node", log, parameters=parameters) as process:
        process.wait_for_log("segmenting /image", 20)
        yield SegmentService(graph, process)
        process.check_running()


def test_the_answer_has_the_segments_the_pixels_and_the_live_vocabulary(service):
    picture = service.graph.picture(squares((3, 0), (7, 2)), frame_id="gripper")
    answer = service(picture)
    assert answer.success and answer.message == ""
    segmentation = answer.segmentation
    assert segmentation.header == answer.panoptic.header == picture.header
    assert (segmentation.vocabulary_version, segmentation.height, segmentation.width) == (1, 60, 80)
    found = [(s.id, s.label, s.is_thing, s.pixel_area, s.track_id) for s in segmentation.segments]
    assert found == [(3, "cup", True, 100, 0), (7, "floor", False, 100, 0)]
    assert answer.panoptic.encoding == "16UC1"
    ids = image_to_array(answer.panoptic)
    assert ids.shape == (60, 80) and (ids[10:20, 5:15] == 3).all() and (ids[10:20, 20:30] == 7).all()
    assert ids.astype(int).sum() == 100 * (3 + 7)
    vocabulary = answer.vocabulary
    assert (vocabulary.version, vocabulary.labels) == (1, ["cup", "ball", "floor"])
    assert vocabulary.entries == ["cup", "ball", "floor|stuff"] and len(vocabulary.colors) == 3


def test_a_vocabulary_of_the_request_is_that_of_the_answer_alone(service):
    graph = service.graph
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    answer = service(graph.picture(squares((3, 0), (7, 1))), "mug,beaker", "wall|stuff")
    assert [s.label for s in answer.segmentation.segments] == ["mug", "wall"]
    assert (answer.segmentation.vocabulary_version, answer.vocabulary.version) == (0, 0)
    assert answer.vocabulary.entries == ["mug,beaker", "wall|stuff"]
    assert (answer.vocabulary.labels, answer.vocabulary.is_thing) == (["mug", "wall"], [True, False])
    assert service(graph.picture(squares((3, 0)))).vocabulary.labels == ["cup", "ball", "floor"]
    time.sleep(0.3)
    assert [v.version for v in vocabularies] == [1]
    parameters = graph.node.create_client(GetParameters, "/eovseg/get_parameters")
    (value,) = graph.call(parameters, GetParameters.Request(names=["vocabulary"])).values
    assert value.string_array_value == ["cup", "ball", "floor|stuff"]


def test_entries_mean_what_they_mean_in_the_parameter(service, tmp_path):
    path = tmp_path / "d.json"
    path.write_text('{"classes": [{"names": ["spoon"]}, {"names": ["table", "desk"], "thing": false}]}')
    for entries in ([f"@{path}"], [f"set={path}"]):
        answer = service(service.graph.picture(squares((3, 0))), *entries)
        assert answer.vocabulary.labels == ["spoon", "table"], answer.message
    path.write_text('{"classes": [{"names": ["fork"]}]}')  # read anew
    assert service(service.graph.picture(squares((3, 0))), f"@{path}").vocabulary.labels == ["fork"]
    default = service(service.graph.picture(squares((3, 0))), "@default", "sewing needle").vocabulary
    assert default.entries == ["@default", "sewing needle"]
    assert len(default.labels) > 10 and default.labels[-1] == "sewing needle"


def bad(**fields):
    message = Image(encoding="rgb8", width=4, height=2, step=12, data=bytes(24))
    for name, value in fields.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (Image(), "cannot read encoding ''"),
        (bad(encoding="16UC1"), "cannot read encoding '16UC1': it is for depth"),
        (bad(encoding="rgb888"), "cannot read encoding 'rgb888': publish one of rgb8"),
        (bad(encoding="x" * 100_000), "cannot read encoding 'xxx"),
        (bad(width=0), "the 0x2 image is empty"),
        (bad(height=0), "the 4x0 image is empty"),
        (bad(width=2**32 - 1, height=2**32 - 1), "more than max_pixels (90000)"),
        (bad(width=301, height=300), "90300 pixels, more than max_pixels (90000)"),
        (bad(step=11), "has step 11, but a row takes 12 bytes"),
        (bad(step=2**32 - 1), "needs 8589934590 bytes, but holds 24"),
        (bad(data=bytes(23)), "needs 24 bytes, but holds 23"),
        (bad(data=bytes(0)), "needs 24 bytes, but holds 0"),
        (bad(encoding="nv12", width=3, height=3, step=3), "has an odd size"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_bad_image_is_refused_with_the_reason(service, image, reason):
    unexpected = service.process.log.count("unexpected error")
    refusal = service.refusal(image)
    assert reason in refusal and len(refusal) < 2100
    assert service.process.log.count("unexpected error") == unexpected
    service.check_alive()


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
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
def test_a_bad_vocabulary_is_refused_with_the_reason(service, entries, reason):
    unexpected = service.process.log.count("unexpected error")
    refusal = service.refusal(service.graph.picture(squares((3, 0))), *entries)
    assert reason in refusal and len(refusal) < 2100
    assert service.process.log.count("unexpected error") == unexpected
    service.check_alive()


def test_a_failure_of_the_model_is_the_answer(service):
    graph = service.graph
    assert service.refusal(beginning_in(graph, MAGENTA)) == "RuntimeError: the model tripped"
    service.process.wait_for_log("unexpected error in the service /eovseg/segment; the node goes on", 5)
    refusal = service.refusal(graph.picture(squares((3, 0))), "broken mug")
    assert refusal == "RuntimeError: the text tower tripped"
    service.check_alive()


def test_a_file_that_hangs_is_refused_after_two_seconds_and_delays_nobody_but_requests_behind_it(
    service, tmp_path
):
    graph, path = service.graph, tmp_path / "hanging.json"
    path.write_text('{"classes": [{"names": ["spoon"]}]}')
    started = time.monotonic()
    pending = service.start(graph.picture(squares((3, 0))), f"@{path}")
    state = graph.node.create_client(GetState, "/eovseg/get_state")
    while not pending.done():
        asked = time.monotonic()
        assert graph.call(state, GetState.Request()).current_state.label == "active"
        assert graph.set("/eovseg", overlay_opacity=0.5)[0].successful
        assert time.monotonic() - asked < 1
    assert 1.5 < time.monotonic() - started < 4
    assert f"{path}: not read within 2 s" in pending.result().message
    service.check_alive()


def test_the_stream_goes_on_while_an_image_is_segmented(service):
    graph = service.graph
    statuses = graph.collect(Status, "/eovseg/status")
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)

    def stream(condition):
        """Publish at 50 Hz until a condition holds; return how many came back."""
        before, deadline = len(segments), time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline
            publisher.publish(graph.picture(squares((3, 0), (7, 1))))
            time.sleep(0.02)
        return len(segments) - before

    stream(lambda: len(segments) > 10)
    sent = statuses[-1].vocabulary_version
    started = time.monotonic()
    pending = service.start(slow_picture(graph), "mug", "wall|stuff")
    during = stream(pending.done)
    seconds = time.monotonic() - started
    assert pending.result().success and seconds > 2.9
    alone_until = time.monotonic() + seconds
    alone = stream(lambda: time.monotonic() > alone_until)
    assert during > 0.8 * alone
    assert statuses[-1].vocabulary_version == sent == 1
    last = segments[-1].segments
    assert [s.label for s in last] == ["cup", "ball"] and all(s.track_id for s in last if s.is_thing)
    assert len({m.segments[0].track_id for m in segments if m.segments[0].track_id}) == 1


def test_the_engine_of_the_stream_stays_as_it_is(service):
    graph = service.graph
    statuses = graph.collect(Status, "/eovseg/status")
    assert service(beginning_in(graph, (0, 0, 1))).success  # builds an engine, on the stream
    count = len(statuses)
    graph.wait(lambda: len(statuses) > count + 2)
    assert statuses[-1].engine_stage == Status.ENGINE_NONE and statuses[-1].serving == "fake"


def test_requests_beyond_those_that_wait_are_refused_at_once(service):
    graph = service.graph
    pending = [service.start(slow_picture(graph))]
    time.sleep(0.3)
    pending += [service.start(graph.picture(squares((i, 0)))) for i in range(1, 8)]
    graph.wait(lambda: sum(f.done() for f in pending) >= 3, 1.0, "three refusals")
    refused = [f.result() for f in pending if f.done()]
    assert {answer.message for answer in refused} == {
        "4 earlier requests wait for the model: try again when one of them is answered"
    }
    served = [answer_of(graph, f) for f in pending if f.result() not in refused]
    assert len(served) == 5 and all(answer.success for answer in served)
    assert [answer.segmentation.segments[0].id for answer in served] == [3, 1, 2, 3, 4]


def test_a_flood_of_requests_is_answered(service):
    pending = [service.start(service.graph.picture(squares((3, 0)))) for _ in range(90)]
    answers = [answer_of(service.graph, future) for future in pending]
    assert any(a.success for a in answers) and all(a.success or "try again" in a.message for a in answers)
    service.check_alive()


def test_embeddings_are_those_of_the_parameter(service):
    graph = service.graph
    assert graph.set("/eovseg", publish_embeddings=True)[0].successful
    (segment,) = service(graph.picture(squares((3, 0)))).segmentation.segments
    assert len(segment.embedding) == 8
    assert graph.set("/eovseg", publish_embeddings=False)[0].successful
    (segment,) = service(graph.picture(squares((3, 0)))).segmentation.segments
    assert len(segment.embedding) == 0
