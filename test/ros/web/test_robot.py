"""The console's view of the running node over DDS, without a browser."""

import asyncio

import cv2
import numpy as np
import pytest
from graph import image_publisher, squares

from eovseg_ros.web.robot.node_state import Kind
from eovseg_ros.web.robot.robot import Robot
from eovseg_ros.web.robot.ros_thread import RosThread
from eovseg_ros.web.robot.service_calls import RequestFailed


@pytest.fixture
def robot():
    with RosThread("console_under_test") as node:
        yield Robot(node, "/eovseg")


async def until(condition, watch, seconds=15.0):
    """Watch until the condition is true, and return it."""
    end = asyncio.get_running_loop().time() + seconds
    while not (answer := condition()):
        assert asyncio.get_running_loop().time() < end, "waited in vain"
        watch()
        await asyncio.sleep(0.05)
    return answer


def test_pictures_segments_and_outlines_of_a_running_node(start_fake, graph, robot):
    start_fake(diagnostics_rate=5.0)
    images = image_publisher(graph)
    graph.node.create_timer(0.1, lambda: images.publish(graph.picture(squares((7, 1), size=(60, 80)))))

    async def look():
        await until(lambda: robot.vocabulary and robot.state("").kind is Kind.ACTIVE, robot.watch)
        assert robot.camera_names == [""] and robot.camera("rear") is None
        view = robot.camera("")
        decoded = {}
        for kind, picture in view.pictures.items():
            message = await picture.after(0, 10)
            again = await picture.after(message.number, 10)
            assert again.number > message.number
            encoded = picture.encode(again)
            assert picture.encode(again) is encoded and encoded.stamp > 0
            decoded[kind] = cv2.imdecode(np.frombuffer(encoded.jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert decoded[kind].shape == (60, 80, 3)
        assert abs(decoded["camera"][15, 10].astype(int) - [0, 1, 7]).max() < 12  # OpenCV reads BGR
        colour = robot.vocabulary.colors[1]  # green 1: the second class
        expected = [255 * colour.b, 255 * colour.g, 255 * colour.r]
        assert np.abs(decoded["labels"][15, 10] - expected).max() < 25

        x, y = 10.5 / 80, 15.5 / 60  # in the square
        found = await until(lambda: view.find_segment(x, y), robot.watch)
        assert found.segment.label == "ball" and found.segment.pixel_area == 100
        assert len(found.outline) == 1 and len(found.outline[0]) == 4
        void = await until(lambda: view.find_segment(0, 0), robot.watch)
        assert void.segment is None and void.outline == []

    asyncio.run(look())


def test_nothing_is_subscribed_to_unless_somebody_watches(start_fake, graph, robot):
    start_fake(diagnostics_rate=5.0)

    async def look():
        await asyncio.sleep(0.5)
        assert robot.subscriptions == 0
        await until(lambda: robot.camera_names, robot.watch)
        assert robot.subscriptions == 3  # status, vocabulary, diagnostics
        robot.camera("").watch_segments()
        await until(lambda: robot.subscriptions == 4, robot.watch)
        await until(lambda: robot.subscriptions == 0, lambda: None)
        overlays = graph.node.get_subscriptions_info_by_topic("/eovseg/overlay")
        assert not overlays and robot.status is None

    asyncio.run(look())


def test_changes_and_refusals_in_the_words_of_the_node(start_fake, robot):
    start_fake(diagnostics_rate=5.0)

    async def change():
        await until(lambda: robot.vocabulary, robot.watch)
        editor = robot.editor
        await editor.add("jug")
        assert editor.refusal is None and robot.vocabulary.labels[-1] == "jug"
        await editor.add("cup")
        assert editor.refusal.entry == "cup" and "'cup' is a duplicate" in editor.refusal.message
        await editor.add("broken pot")
        assert "the text tower tripped" in editor.refusal.message
        assert robot.vocabulary.entries == ["cup", "ball", "floor|stuff", "jug"]

        assert (await robot.read_settings())["overlay_opacity"] == 0.5
        await robot.change_setting("overlay_opacity", 0.25)
        assert (await robot.read_settings())["overlay_opacity"] == 0.25
        with pytest.raises(RequestFailed, match="overlay_opacity"):
            await robot.change_setting("overlay_opacity", 2.0)

    asyncio.run(change())


def test_a_node_that_is_not_there_not_configured_silent_and_gone(start, robot):
    async def look():
        robot.watch()
        await asyncio.sleep(0.5)
        assert robot.state("").kind is Kind.MISSING
        with pytest.raises(RequestFailed, match="is the node running"):
            await robot.activate()
        node = start("fake_node", parameters={"autostart": False, "diagnostics_rate": 5.0})
        await until(lambda: robot.state("").kind is Kind.UNCONFIGURED, robot.watch)
        await robot.activate()
        silent = await until(lambda: robot.state("").kind is Kind.SILENT and robot.state(""), robot.watch)
        hinted = await until(lambda: "no publisher" in robot.state("").text, robot.watch)
        assert silent and hinted
        node.stop()
        await until(lambda: robot.state("").kind is Kind.MISSING, robot.watch)

    asyncio.run(look())


def test_a_request_ends_if_the_node_ends(start_fake, robot, monkeypatch):
    monkeypatch.setenv("FAKE_SLOW_SECONDS", "60")
    node = start_fake(diagnostics_rate=5.0)

    async def change():
        await until(lambda: robot.vocabulary, robot.watch)
        request = asyncio.create_task(robot.editor.add("slow boat"))
        await until(lambda: robot.editor.encoding, robot.watch)
        await asyncio.to_thread(node.stop)
        await asyncio.wait_for(request, 20)
        assert robot.editor.refusal.entry == "slow boat"

    asyncio.run(change())
