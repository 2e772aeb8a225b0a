"""The node in a process of its own, with a stand-in for the model, over DDS."""

import time

import numpy as np
import pytest
from graph import LATCHED, Graph, image_publisher, squares, stamp_of
from lifecycle_msgs.srv import ChangeState
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.messages.images import array_to_image, image_to_array
from eovseg_ros.msg import PanopticSegmentation, Vocabulary

FRAME_TOPICS = {"panoptic": Image, "semantic": Image, "segments": PanopticSegmentation, "overlay": Image}


def collect_frames(graph):
    return {name: graph.collect(kind, f"/eovseg/{name}") for name, kind in FRAME_TOPICS.items()}


def publish_until_answered(graph, publisher, message, *answers):
    """Publish again until every list has grown: discovery takes its time."""
    before = [len(answer) for answer in answers]

    def answered():
        publisher.publish(message)
        time.sleep(0.05)
        return all(len(answer) > n for answer, n in zip(answers, before, strict=True))

    graph.wait(answered, what="an answer to an image")


def test_every_topic_tells_of_the_same_picture(graph, start_fake):
    frames = collect_frames(graph)
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    start_fake()
    publisher = image_publisher(graph)
    picture = graph.picture(squares((3, 1), (7, 2), (9, 0)), frame_id="left_camera")
    publish_until_answered(graph, publisher, picture, *frames.values())

    panoptic, semantic, segments, overlay = (messages[-1] for messages in frames.values())
    for message in (panoptic, semantic, segments, overlay):
        assert message.header == picture.header
        assert (message.height, message.width) == (60, 80)
    ids = image_to_array(panoptic)
    np.testing.assert_array_equal(ids, squares((3, 1), (7, 2), (9, 0))[:, :, 0])
    assert [(s.id, s.label, s.class_id, s.is_thing) for s in segments.segments] == [
        (3, "ball", 1, True),
        (7, "floor", 2, False),
        (9, "cup", 0, True),
    ]
    class_plus_one = np.zeros(10, int)
    class_plus_one[[3, 7, 9]] = 2, 3, 1
    np.testing.assert_array_equal(image_to_array(semantic), class_plus_one[ids])
    ball = segments.segments[0]
    assert (ball.pixel_area, ball.pixel_bbox.x_offset, ball.pixel_bbox.y_offset, ball.pixel_centroid[0]) == (
        100,
        5,
        10,
        9.5,
    )
    assert overlay.encoding == "rgb8"
    assert (image_to_array(overlay) != image_to_array(picture)).any()
    graph.wait(lambda: vocabularies, what="the vocabulary")
    assert segments.vocabulary_version == vocabularies[0].version == 1
    assert vocabularies[0].labels == ["cup", "ball", "floor"]
    assert vocabularies[0].is_thing == [True, True, False]


def test_a_topic_that_gets_a_subscriber_is_published_from_then_on(graph, start_fake):
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    start_fake()
    publisher = image_publisher(graph)
    publish_until_answered(graph, publisher, graph.picture(squares((1, 0))), segments)
    overlay = graph.collect(Image, "/eovseg/overlay")
    publish_until_answered(graph, publisher, graph.picture(squares((1, 0))), overlay)


def test_labels_do_not_wait_for_the_overlay_and_the_newest_is_drawn(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_OVERLAY_SECONDS", "0.5")
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    overlay = graph.collect(Image, "/eovseg/overlay")
    node = start_fake()
    publisher = image_publisher(graph)
    graph.wait_for_matched_subscribers(publisher)  # what is under way meanwhile may be lost
    publish_until_answered(graph, publisher, graph.picture(squares((1, 0))), segments, overlay)
    pictures = [graph.picture(squares((1, 0))) for _ in range(5)]
    stamps = [stamp_of(picture) for picture in pictures]
    started = time.monotonic()
    for picture, stamp in zip(pictures, stamps, strict=True):
        publisher.publish(picture)
        graph.wait(lambda s=stamp: stamp_of(segments[-1]) == s, what="the segments of a picture")
    assert time.monotonic() - started < 1.5  # to draw them takes 2.5 s
    change = graph.node.create_client(ChangeState, "/eovseg/change_state")
    request = ChangeState.Request()
    request.transition.id = 4  # deactivate: the last picture is finished first
    assert graph.call(change, request).success
    graph.wait(lambda: stamp_of(overlay[-1]) == stamps[-1], what="the last overlay")
    drawn = [stamp_of(message) for message in overlay]
    assert drawn == sorted(drawn) and len(set(stamps) & set(drawn)) < len(stamps)
    assert "ERROR" not in node.log


def test_frames_at_the_same_time_come_out_in_the_order_of_their_images(graph, start_fake, monkeypatch):
    """Two calls of the stand-in wait for each other, and the first that came takes the longer."""
    monkeypatch.setenv("FAKE_TOGETHER", "2")
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    node = start_fake(parallel_frames=2)
    publisher = image_publisher(graph)

    def six_came():
        publisher.publish(graph.picture(squares((1, 0))))  # a new one each time
        time.sleep(0.05)
        return len(segments) >= 6

    graph.wait(six_came, what="six frames")
    stamps = [stamp_of(message) for message in segments]
    assert stamps == sorted(set(stamps))
    assert "ERROR" not in node.log


def test_an_overlay_that_fails_costs_nothing_but_itself(graph, start_fake):
    reports = graph.collect_diagnostics()
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    overlay = graph.collect(Image, "/eovseg/overlay")
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    good = graph.picture(squares((1, 0)))
    publish_until_answered(graph, publisher, good, segments, overlay)
    cyan = squares((1, 0))
    cyan[0, 0] = 0, 255, 255
    publish_until_answered(graph, publisher, graph.picture(cyan), segments)
    failed = graph.wait(lambda: [r for r in reports if r["frame error"]])[-1]
    assert failed["frame error"] == "overlay: RuntimeError: out of paint" and int(failed["failed frames"]) > 0
    publish_until_answered(graph, publisher, good, segments, overlay)
    graph.wait(lambda: reports[-1]["frame error"] == "")
    assert float(reports[-1]["overlay drawing, median (ms)"]) > 0
    assert node.log.count("an overlay failed") == 1


def test_compressed_images(graph, start_fake):
    import cv2

    panoptic = graph.collect(Image, "/eovseg/panoptic")
    start_fake(image_transport="compressed")
    publisher = graph.node.create_publisher(CompressedImage, "/image/compressed", 1)
    rgb = squares((3, 1))
    message = CompressedImage(format="png", data=cv2.imencode(".png", rgb[:, :, ::-1])[1].tobytes())
    message.header.frame_id = "camera"
    publish_until_answered(graph, publisher, message, panoptic)
    assert panoptic[-1].header == message.header
    np.testing.assert_array_equal(image_to_array(panoptic[-1]), rgb[:, :, 0])


def test_bad_images_are_counted_warned_about_now_and_then_and_skipped(graph, start_fake):
    reports = graph.collect_diagnostics()
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    good = graph.picture(squares((1, 0)))
    publish_until_answered(graph, publisher, good, segments)

    def broken(**settings):
        message = graph.picture(squares((1, 0)))
        for name, value in settings.items():
            setattr(message, name, value)
        return message

    trips_the_model = graph.picture(np.tile(np.array([255, 0, 255], np.uint8), (4, 4, 1)))
    kinds = [broken(step=3), broken(height=61), broken(encoding="rainbow8"), broken(width=0), trips_the_model]
    for _ in range(5):
        for message in kinds:
            publisher.publish(message)
            time.sleep(0.02)
    failed = graph.wait(lambda: [r for r in reports if int(r["failed frames"]) > 0])[-1]
    assert "the model tripped" in failed["frame error"]
    answered = len(segments)
    publish_until_answered(graph, publisher, good, segments)
    graph.wait(lambda: reports[-1]["frame error"] == "")
    assert segments[answered].segments[0].label == "cup"
    assert int(reports[-1]["bad images"]) >= 4
    assert 1 <= node.log.count("skipped a bad image") <= 2
    assert 1 <= node.log.count("a frame failed") <= 2


def test_diagnostics_warn_while_no_image_can_be_read(graph, start_fake):
    reports = graph.collect_diagnostics()
    start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)

    def report_after(picture, is_as_expected, what):
        def reported():
            publisher.publish(picture)
            time.sleep(0.05)
            return reports and is_as_expected(reports[-1]) and reports[-1]

        return graph.wait(reported, what=what)

    unreadable = graph.picture(squares((1, 0)))
    unreadable.encoding = "rainbow8"
    report = report_after(unreadable, lambda r: r["image error"], "the image error")
    assert report["level"] == b"\x01"
    assert report["message"].startswith("images are skipped: cannot read encoding 'rainbow8': publish one of")
    report = report_after(
        graph.picture(squares((1, 0))), lambda r: not r["image error"], "the error to be taken back"
    )
    assert report["level"] == b"\x00"


def test_a_late_subscriber_gets_the_vocabulary(graph, start_fake):
    start_fake(vocabulary=["mug", "wall|stuff"])
    with Graph() as late:
        vocabularies = late.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
        late.wait(lambda: vocabularies)
        assert vocabularies[0].labels == ["mug", "wall"]


@pytest.mark.parametrize("seconds", [0.02, 0.3])
def test_it_keeps_up_by_dropping_not_by_queueing(graph, start_fake, monkeypatch, seconds):
    monkeypatch.setenv("FAKE_SECONDS", str(seconds))
    reports = graph.collect_diagnostics()
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    publish_until_answered(graph, publisher, graph.picture(squares((1, 0))), segments)
    behind = []
    for _ in range(90):
        message = graph.picture(squares((1, 0)))
        publisher.publish(message)
        time.sleep(1 / 60)
        behind.append((stamp_of(message) - stamp_of(segments[-1])) // 1_000_000)
    # What the newest answer lags behind, in frames: two inferences at most, and no more at the end.
    assert max(behind[45:]) <= 2 * seconds * 60 + 8
    graph.wait(lambda: stamp_of(segments[-1]) == stamp_of(message))  # the newest image always comes through
    stamps = [stamp_of(s) for s in segments]
    assert stamps == sorted(stamps)
    report = graph.wait(lambda: int(reports[-1]["published"]) == len(segments) and reports[-1])
    received, dropped = int(report["received"]), int(report["dropped, replaced by a newer one"])
    assert received == len(segments) + dropped
    assert float(report["model time, median (ms)"]) >= 1000 * seconds


def test_max_rate_is_kept_and_changes_at_run_time(graph, start_fake):
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    start_fake(max_rate=5)
    publisher = image_publisher(graph)
    publish_until_answered(graph, publisher, graph.picture(squares((1, 0))), segments)

    def answers_in_a_second():
        before = len(segments)
        for _ in range(50):
            publisher.publish(graph.picture(squares((1, 0))))
            time.sleep(0.02)
        return len(segments) - before

    assert answers_in_a_second() <= 7
    assert graph.set("/eovseg", max_rate=0)[0].successful
    assert answers_in_a_second() > 15


def test_max_rate_delays_no_vocabulary_and_no_new_rate(graph, start_fake):
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    start_fake()
    publisher, picture = image_publisher(graph), graph.picture(squares((1, 0)))
    publish_until_answered(graph, publisher, picture, segments)
    assert graph.set("/eovseg", max_rate=0.02)[0].successful  # a frame in 50 s
    time.sleep(0.5)  # for the frame in hand
    answered = len(segments)
    publisher.publish(picture)
    assert graph.set("/eovseg", vocabulary=["lamp"])[0].successful
    graph.wait(lambda: vocabularies[-1].labels == ["lamp"], 5, "the new vocabulary")
    assert len(segments) == answered
    assert graph.set("/eovseg", max_rate=0)[0].successful
    publish_until_answered(graph, publisher, picture, segments)


def test_max_rate_is_kept_where_the_model_fails(graph, start_fake):
    reports = graph.collect_diagnostics()
    start_fake(max_rate=5, diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    trips_the_model = graph.picture(np.tile(np.array([255, 0, 255], np.uint8), (4, 4, 1)))
    start = time.monotonic()
    for _ in range(100):
        publisher.publish(trips_the_model)
        time.sleep(0.02)
    assert 5 <= int(reports[-1]["failed frames"]) <= 2 + 5 * (time.monotonic() - start)


def test_a_camera_may_change_its_size_and_be_one_pixel_large(graph, start_fake):
    frames = collect_frames(graph)
    node = start_fake()
    publisher = image_publisher(graph)
    publish_until_answered(graph, publisher, graph.picture(squares((1, 0))), *frames.values())
    for size in ((1, 1), (1, 640), (48, 1), (480, 640), (60, 80)):
        picture = graph.picture(np.full((*size, 3), 3, np.uint8))

        def answered(picture=picture):
            publisher.publish(picture)
            time.sleep(0.05)
            return all(messages[-1].header == picture.header for messages in frames.values())

        graph.wait(answered, what=f"an answer to {size}")
        assert all((messages[-1].height, messages[-1].width) == size for messages in frames.values())
    assert "ERROR" not in node.log


def test_16_bit_semantic_image_past_254_classes(graph, start_fake):
    semantic = graph.collect(Image, "/eovseg/semantic")
    start_fake(vocabulary=[f"thing {i}" for i in range(300)])
    publisher = image_publisher(graph)
    publish_until_answered(graph, publisher, graph.picture(squares((1, 255))), semantic)
    assert semantic[-1].encoding == "16UC1"
    assert image_to_array(semantic[-1]).max() == 256


def test_other_encodings_than_rgb8(graph, start_fake):
    panoptic = graph.collect(Image, "/eovseg/panoptic")
    start_fake()
    publisher = image_publisher(graph)
    rgb = squares((3, 1))
    message = array_to_image(np.ascontiguousarray(rgb[:, :, ::-1]), "bgr8", graph.picture(rgb).header)
    publish_until_answered(graph, publisher, message, panoptic)
    np.testing.assert_array_equal(image_to_array(panoptic[-1]), rgb[:, :, 0])
