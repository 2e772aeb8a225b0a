"""The recorded camera as a bag and live: the same images and words give the same messages."""

from graph import LATCHED, RELIABLE, stamp_of
from rclpy.serialization import deserialize_message, serialize_message
from recorded_bags import write_recorded_bag
from sensor_msgs.msg import CameraInfo, Image

from eovseg_ros.bags.labelling.bag_labeller import BagLabeller
from eovseg_ros.bags.labelling.model import load_label_model
from eovseg_ros.bags.labelling.settings import LabelSettings, ModelSettings
from eovseg_ros.bags.reading.bag import open_bag
from eovseg_ros.bags.reading.cameras import parse_cameras
from eovseg_ros.msg import PanopticSegmentation, Vocabulary

FRAMES = 16
WORDS = ("@simulation_trained",)
INPUTS = {"/camera/image_raw": Image, "/camera/depth": Image, "/camera/camera_info": CameraInfo}
RESULTS = {"panoptic": Image, "semantic": Image, "segments": PanopticSegmentation}


def label(bag, target):
    """As `eovseg-bags label --raw`, on one thread."""
    model = load_label_model(ModelSettings(vocabulary=WORDS), threads=1)
    cameras = parse_cameras(["/camera/image_raw"], ["/camera/depth"])
    report = BagLabeller(model, LabelSettings(cameras=tuple(cameras), compressed=False), "").label(
        bag, target
    )
    assert report.fine and report.counts.frames == FRAMES and not report.counts.without_depth


def same_bytes(ours, message):
    """Whether a message is serialised to these bytes, but for padding: rclpy leaves random bytes there."""
    theirs = serialize_message(message)
    differing = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    assert all(ours[i] == 0 for i in differing)
    return deserialize_message(ours, type(message)) == deserialize_message(theirs, type(message))


def test_a_labelled_bag_is_what_the_live_node_publishes(graph, start, tmp_path):
    bag = write_recorded_bag(tmp_path / "bag", FRAMES)
    label(bag, tmp_path / "labels.mcap")
    live = {name: graph.collect(kind, f"/eovseg/{name}") for name, kind in RESULTS.items()}
    words = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    node = start("eovseg_ros.node.main", parameters={"vocabulary": list(WORDS), "use_depth": True})
    publishers = {
        topic: graph.node.create_publisher(kind, name, RELIABLE)
        for (topic, kind), name in zip(INPUTS.items(), ("/image", "/depth", "/camera_info"), strict=True)
    }
    node.wait_for_log("segmenting /image", 60)
    for publisher in publishers.values():
        graph.wait_for_subscribers(publisher)
    with open_bag(bag) as opened:
        by_time = {}
        for message in opened.messages(INPUTS):
            by_time.setdefault(message.log_time, {})[message.topic] = message.data
    for i, messages in enumerate(by_time.values(), 1):
        for topic in reversed(INPUTS):  # the image last, when its depth is there
            publishers[topic].publish(deserialize_message(messages[topic], INPUTS[topic]))
        graph.wait(lambda i=i: all(len(found) == i for found in live.values()), what=f"frame {i}")
    with open_bag(tmp_path / "labels.mcap") as labels:
        for name in RESULTS:
            recorded = list(labels.messages([f"/eovseg/{name}"]))
            assert [m.log_time for m in recorded] == list(by_time)
            for message, found in zip(recorded, live[name], strict=True):
                assert stamp_of(found) == message.log_time and same_bytes(message.data, found)
        (recorded,) = labels.messages(["/eovseg/vocabulary"])
    vocabulary = deserialize_message(recorded.data, Vocabulary)
    (found,) = words
    assert (vocabulary.version, vocabulary.labels, vocabulary.colors) == (1, found.labels, found.colors)
    assert (vocabulary.entries, vocabulary.is_thing) == (found.entries, found.is_thing)
    last = live["segments"][-1].segments
    assert len({s.track_id for s in last} - {0}) > 2 and any(s.has_position for s in last)
