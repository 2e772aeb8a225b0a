"""Parts of the console's view of the node that need no ROS graph."""

import asyncio
import math
import threading

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import ColorRGBA

from eovseg_ros.msg import CameraStatus, PanopticSegmentation, Segment, Status, Vocabulary
from eovseg_ros.web.robot.history import History
from eovseg_ros.web.robot.label_colours import colour_labels
from eovseg_ros.web.robot.latest import Latest
from eovseg_ros.web.robot.node_state import Kind, judge
from eovseg_ros.web.robot.picture import LONGEST_SIDE, encode_jpeg
from eovseg_ros.web.robot.segment_outline import outline_of, segment_at
from eovseg_ros.web.robot.service_calls import RequestFailed
from eovseg_ros.web.robot.vocabulary_editor import VocabularyEditor
from eovseg_ros.web.robot.written_entries import is_stuff, presets, with_kind


def test_the_newest_value_replaces_older_ones_for_a_reader_that_waits():
    async def read():
        latest = Latest()
        assert await latest.after(0, 0.01) is None
        latest.put("a")
        latest.put("b")
        assert await latest.after(0, 0.01) == (2, "b")
        threading.Timer(0.05, latest.put, ["c"]).start()
        assert await latest.after(2, 5) == (3, "c")
        latest.clear()
        assert await latest.after(0, 0.01) is None
        latest.put("d")
        assert await latest.after(3, 0.01) == (4, "d")

    asyncio.run(read())


def test_kinds_of_entries():
    assert with_kind("mug,cup", stuff=True) == "mug,cup|stuff"
    assert with_kind("floor|stuff", stuff=False) == "floor"
    assert with_kind("floor|stuff", stuff=True) == "floor|stuff"
    assert with_kind("cat|thing", stuff=True) == "cat|stuff"
    assert with_kind("@coco_panoptic", stuff=True) == "@coco_panoptic"
    assert is_stuff("floor|stuff") and not is_stuff("mug") and not is_stuff("@x|stuff")
    assert presets()[0] == "@default" and "@coco_panoptic" in presets()


def test_labels_have_the_colours_of_the_vocabulary():
    vocabulary = Vocabulary(colors=[ColorRGBA(r=1.0), ColorRGBA(g=0.5, b=1.0)])
    picture = colour_labels(np.array([[0, 1], [2, 3]], np.uint8), vocabulary)
    assert picture.tolist() == [[[0, 0, 0], [255, 0, 0]], [[0, 128, 255], [0, 0, 0]]]
    assert not colour_labels(np.array([[0, 1]], np.uint8), None).any()


def test_large_pictures_are_reduced():
    jpeg = encode_jpeg(np.full((100, 4 * LONGEST_SIDE, 3), (255, 0, 0), np.uint8))
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (25, LONGEST_SIDE, 3)
    assert np.abs(picture[12, 30].astype(int) - [0, 0, 254]).max() <= 3  # OpenCV reads BGR


def frame():
    panoptic = np.zeros((10, 20), np.uint16)
    panoptic[2:6, 4:12] = 7
    box = RegionOfInterest(x_offset=4, y_offset=2, width=8, height=4)
    segment = Segment(id=7, label="mug", pixel_bbox=box)
    return panoptic, PanopticSegmentation(segments=[segment])


def test_the_segment_at_a_place():
    panoptic, message = frame()
    assert segment_at(panoptic, message, 4.5 / 20, 2.5 / 10).label == "mug"
    assert segment_at(panoptic, message, 3.9 / 20, 2.5 / 10) is None
    assert segment_at(panoptic, message, 1.0, 1.0) is None  # the right bottom corner


def test_an_outline_goes_through_the_outer_pixels_of_a_segment():
    panoptic, message = frame()
    (polygon,) = outline_of(panoptic, message.segments[0])
    corners = {(round(20 * x, 3), round(10 * y, 3)) for x, y in polygon}
    assert corners == {(4.5, 2.5), (4.5, 5.5), (11.5, 5.5), (11.5, 2.5)}


def outlines(panoptic):
    """The corners of the polygons around segment 1, in pixels."""
    height, width = panoptic.shape
    segment = Segment(id=1, pixel_bbox=RegionOfInterest(width=width, height=height))
    polygons = outline_of(panoptic.astype(np.uint16), segment)
    return [{(round(width * x - 0.5), round(height * y - 0.5)) for x, y in polygon} for polygon in polygons]


def test_parts_and_holes_have_outlines_and_specks_have_none():
    panoptic = np.zeros((40, 60))
    panoptic[30:33, 50:53] = 1  # a speck
    panoptic[2:14, 30:42] = 1  # 11 x 11 between the outer pixels
    panoptic[2:22, 2:22] = 1  # 19 x 19
    panoptic[8:14, 8:14] = 0  # its hole
    first, second, hole = outlines(panoptic)
    assert first == {(2, 2), (2, 21), (21, 21), (21, 2)}
    assert second == {(30, 2), (30, 13), (41, 13), (41, 2)}
    assert min(x for x, _ in hole) == 7 and max(y for _, y in hole) == 14
    panoptic[:25] = 0
    assert outlines(panoptic) == [{(50, 30), (50, 32), (52, 32), (52, 30)}]  # the speck is all there is


def test_an_outline_has_a_limit():
    panoptic = np.zeros((300, 300))
    for row in range(0, 300, 6):
        for column in range(0, 300, 6):
            panoptic[row : row + 5, column : column + 4] = 1  # 2,500 parts with four corners
    assert len(outlines(panoptic)) == 500


def test_an_outline_follows_steps_of_a_pixel_and_closes():
    panoptic = np.zeros((20, 20))
    panoptic[2:18, 2:18] = 1
    panoptic[2:4, 10:18] = 0  # a step of two pixels
    (polygon,) = outlines(panoptic)
    assert {(2, 2), (9, 2), (17, 4), (17, 17), (2, 17)} <= polygon


def status(state=Status.STATE_ACTIVE, age=0.1):
    camera = CameraStatus(name="front", image_topic="/front/image", image_age=age, rate_out=9.0)
    return Status(state=state, cameras=[camera])


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({}, Kind.ACTIVE, ""),
        ({"publishers": 0}, Kind.MISSING, "no node /eovseg"),
        ({"status": None}, Kind.MISSING, "sends no status"),
        ({"age": 2.9, "period": 0.1}, Kind.ACTIVE, ""),
        ({"age": 3.1}, Kind.MISSING, "sends no status"),
        ({"age": 29.0, "period": 10.0}, Kind.ACTIVE, ""),
        ({"age": 31.0, "period": 10.0}, Kind.MISSING, "sends no status"),
        ({"status": status(Status.STATE_UNCONFIGURED)}, Kind.UNCONFIGURED, "not loaded"),
        ({"status": status(Status.STATE_INACTIVE)}, Kind.INACTIVE, "does not process"),
        ({"status": status(Status.STATE_CONFIGURING)}, Kind.CHANGING, "loading the model"),
        ({"status": status(Status.STATE_FINALIZED)}, Kind.FINALIZED, "Start it again"),
        ({"status": status(age=4.9)}, Kind.ACTIVE, ""),
        ({"status": status(age=5.1)}, Kind.SILENT, "no images on /front/image for 5 s"),
        ({"status": status(age=6.0), "hint": "start the camera"}, Kind.SILENT, "start the camera"),
        ({"camera": "rear"}, Kind.SILENT, "no such camera"),
    ],
)
def test_states_of_the_node(changes, kind, words):
    given = {"publishers": 1, "status": status(), "age": 0.5, "period": 1.0, "camera": "front", "hint": ""}
    state = judge("/eovseg", **(given | changes))
    assert state.kind is kind and words in state.text


def test_the_history_keeps_minutes_of_each_camera():
    history = History()
    for second in (100, 200, 300, 400):
        message = status()
        message.header.stamp.sec = second
        message.cameras[0].latency_p50 = math.nan if second == 300 else 7.0
        history.add(message)
    assert [sample.time for sample in history.samples("front")] == [300, 400]
    assert history.samples("front")[1][1:] == (9.0, 7.0)
    assert history.samples("rear") == [] and History().samples("front") == []


class Node:
    """Takes every vocabulary except those with a word that it refuses; an answer may have to wait."""

    def __init__(self):
        self.live = Vocabulary(version=1, entries=["mug"])
        self.sent = []
        self.waiting = None  # an event that lets the answers go

    async def send(self, entries):
        self.sent.append(entries)
        if self.waiting:
            await self.waiting.wait()
        if entries != self.sent[-1]:
            raise RequestFailed("another request came first")
        if "bad" in entries:
            raise RequestFailed("'bad' is refused")
        self.live = Vocabulary(version=self.live.version + 1, entries=list(entries))
        return self.live.version


def test_words_are_added_changed_removed_and_come_back():
    async def edit():
        node = Node()
        editor = VocabularyEditor(lambda: node.live, node.send)
        await editor.add("  floor  ")
        await editor.add(" ")
        await editor.replace("floor", "floor|stuff")
        await editor.add("a")
        await editor.remove("floor|stuff")
        await editor.use(["@default"])
        expected = [("mug", "floor"), ("mug", "floor|stuff"), ("mug", "floor|stuff", "a")]
        expected += [("mug", "a"), ("@default",)]
        assert node.sent == expected and editor.entries == ("@default",)
        for earlier in (*expected[-2::-1], ("mug",)):
            assert editor.undoable
            await editor.undo()
            assert editor.entries == earlier
        assert not editor.undoable

    asyncio.run(edit())


def test_a_refusal_names_the_entry_and_changes_nothing():
    async def edit():
        node = Node()
        editor = VocabularyEditor(lambda: node.live, node.send)
        await editor.add("bad")
        assert editor.refusal == ("bad", "'bad' is refused")
        assert editor.entries == ("mug",) and not editor.undoable and not editor.encoding
        await editor.add("cup")
        assert editor.refusal is None and editor.entries == ("mug", "cup")
        await editor.use(["bad", "cup"])
        assert editor.refusal == ("bad", "'bad' is refused") and editor.entries == ("mug", "cup")
        editor.dismiss()
        assert editor.refusal is None
        await editor.use(["mug", "cup"])
        assert node.sent[-1] == ("bad", "cup")  # nothing is sent that changes nothing

    asyncio.run(edit())


def test_a_change_during_another_starts_from_it():
    async def edit():
        node = Node()
        node.waiting = asyncio.Event()
        editor = VocabularyEditor(lambda: node.live, node.send)
        first = asyncio.create_task(editor.add("cup"))
        await asyncio.sleep(0)
        assert editor.encoding == "cup" and editor.entries == ("mug", "cup")
        second = asyncio.create_task(editor.add("jug"))
        await asyncio.sleep(0)
        node.waiting.set()
        await asyncio.gather(first, second)
        assert editor.entries == ("mug", "cup", "jug") and editor.refusal is None and not editor.encoding

    asyncio.run(edit())
