"""What the node says where images are late, lost or not there, over real DDS."""

import random
import time

from graph import BEST_EFFORT, image_publisher, squares

from eovseg_ros.msg import PanopticSegmentation, Status


def stamped(graph, milliseconds):
    """A picture taken so long after some moment."""
    picture = graph.picture(squares((1, 0)))
    picture.header.stamp.sec, rest = divmod(milliseconds, 1000)
    picture.header.stamp.nanosec = rest * 1_000_000
    return picture


def test_a_publisher_that_sends_nothing_is_named_and_images_that_come_are_told(graph, start_fake):
    reports = graph.collect_diagnostics()
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph, qos=BEST_EFFORT)
    node.wait_for_log("no image for 5 s on /image: /checker (BEST_EFFORT, VOLATILE) publishes nothing", 10)
    graph.wait(lambda: reports[-1]["message"].startswith("no images on /image: /checker (BEST_EFFORT"))
    graph.wait_for_subscribers(publisher)
    publisher.publish(graph.picture(squares((1, 0))))
    node.wait_for_log("images arrive on /image", 5)
    graph.wait(lambda: reports[-1]["level"] == b"\x00")


def test_a_long_frame_is_told_and_no_camera_is_blamed(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "8")
    reports = graph.collect_diagnostics()
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)

    def told():
        publisher.publish(graph.picture(squares((1, 0))))
        time.sleep(0.1)
        return [r for r in reports if r["message"] == "frame in progress for 6 s"]

    report = graph.wait(told, 20, "the long frame")[0]
    assert report["level"] == b"\x01"
    assert 5.5 <= float(report["frame in progress for (s)"]) <= 6.5
    assert "no image" not in node.log and "busy" not in node.log


def test_lost_images_are_counted_and_told_once(graph, start_fake):
    statuses = graph.collect(Status, "/eovseg/status")
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_matched_subscribers(publisher)
    chance, moments = random.Random(0), range(0, 40 * 300, 40)
    for milliseconds in moments:
        if chance.random() < 0.5:  # the others are lost on the way
            publisher.publish(stamped(graph, milliseconds))
            time.sleep(0.02)
    graph.wait(lambda: segments)
    node.wait_for_log("% of the images on /image are lost: their stamps have gaps", 5)
    graph.wait(lambda: statuses[-1].cameras[0].lost > 100, what="the count")
    assert statuses[-1].cameras[0].lost <= 300 - statuses[-1].cameras[0].received + 5
    assert node.log.count("are lost") == 1


def test_a_camera_that_loses_nothing_is_not_warned_about(graph, start_fake):
    statuses = graph.collect(Status, "/eovseg/status")
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_matched_subscribers(publisher)
    for milliseconds in range(0, 40 * 150, 40):
        publisher.publish(stamped(graph, milliseconds))
        time.sleep(0.03)
    graph.wait(lambda: statuses[-1].cameras[0].received >= 140)
    lost = statuses[-1].cameras[0].lost
    assert lost <= 150 - statuses[-1].cameras[0].received
    assert "are lost" not in node.log
