"""Messages and files of results, compared with the node's messages and read by other readers."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from bag_files import FIRST, header
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eovseg_model.geometry import CameraModel
from eovseg_model.inference import Segment
from eovseg_ros import messages as node_messages
from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.message_types import definition, encode_message, type_hash, typestore
from eovseg_ros.bags.reading.bag import open_bag
from eovseg_ros.bags.reading.records import Topic
from eovseg_ros.bags.writing.channels import camera_channels, source_channel, vocabulary_channel
from eovseg_ros.bags.writing.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from eovseg_ros.bags.writing.mcap_file import McapFile
from eovseg_ros.bags.writing.messages import label_image_message, segments_message, vocabulary_message
from eovseg_ros.messages import FrameSpace, SegmentedFrame
from eovseg_ros.msg import PanopticSegmentation, Vocabulary

SHARE = Path(__file__).parents[3] / "build/ros/install/share/eovseg_ros/msg"


def frame(header, space=True, embeddings=True):
    """Two segments, one of them with depth, and one without pixels."""
    panoptic = np.zeros((24, 32), np.uint16)
    panoptic[4:20, 5:25], panoptic[0:2] = 700, 3
    depth = np.zeros((24, 32), np.float32)
    depth[2:22] = np.linspace(1.0, 1.3, 20)[:, None]
    camera = CameraModel(
        width=32, height=24, k=(30.0, 0, 15.5, 0, 30.0, 11.5, 0, 0, 1), d=(), distortion_model=""
    )
    return SegmentedFrame(
        header=header,
        rgb=np.zeros((24, 32, 3), np.uint8),
        panoptic=panoptic,
        segments=[
            Segment(
                id=700, class_id=2, label="röd mug", is_thing=True, score=0.123456789, area=1, track_id=9
            ),
            Segment(id=3, class_id=0, label="floor", is_thing=False, score=1.0, area=1),
            Segment(id=8, class_id=0, label="floor", is_thing=False, score=1.0, area=0),
        ],
        vocabulary_version=1,
        class_count=300,
        embeddings={700: np.arange(4, dtype=np.float32)} if embeddings else {},
        space=FrameSpace(depth, camera, "map") if space else None,
    )


def ros_header(time):
    made = Header(frame_id="camera")
    made.stamp.sec, made.stamp.nanosec = divmod(time, 10**9)
    return made


def same_bytes(own, node):
    """Whether both are serialised to the same bytes, but for padding: rclpy leaves random bytes there."""
    ours, theirs = encode_message(own), serialize_message(node)
    differing = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    assert [ours[i] for i in differing] == [0] * len(differing)
    assert len(differing) < 0.1 * len(ours)
    return deserialize_message(ours, type(node)) == deserialize_message(theirs, type(node))


@pytest.mark.parametrize("space", [True, False])
def test_messages_are_serialised_as_the_nodes_are(space):
    ours, theirs = (frame(h, space, space) for h in (header(FIRST + 5), ros_header(FIRST + 5)))
    for own, node in (
        (segments_message(ours), node_messages.segments_message(theirs)),
        (
            label_image_message(ours.panoptic, ours.header, compressed=False),
            node_messages.panoptic_image(theirs),
        ),
        (
            label_image_message(ours.semantic, ours.header, compressed=False),
            node_messages.semantic_image(theirs),
        ),
    ):
        assert same_bytes(own, node)
    assert (
        any(
            s.has_position
            for s in deserialize_message(
                encode_message(segments_message(ours)), PanopticSegmentation
            ).segments
        )
        == space
    )


def test_the_vocabulary_is_serialised_as_the_nodes_is():
    words = (["röd mug,cup", "floor|stuff"], ["röd mug", "floor"], [True, False])
    node = node_messages.vocabulary_message(ros_header(FIRST + 7).stamp, 1, *words)
    assert same_bytes(vocabulary_message(FIRST + 7, *words), node)
    assert deserialize_message(encode_message(vocabulary_message(FIRST, *words)), Vocabulary) is not None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_compressed_images_are_png_without_loss(dtype):
    ids = np.random.default_rng(1).integers(0, 250, (24, 32)).astype(dtype)
    message = label_image_message(ids, header(FIRST), compressed=True)
    encoding = "mono8" if dtype is np.uint8 else "16UC1"
    assert message.format == f"{encoding}; png compressed {encoding}"
    assert np.array_equal(cv2.imdecode(message.data, cv2.IMREAD_UNCHANGED), ids)


@pytest.mark.parametrize("name", ["PanopticSegmentation", "Vocabulary", "Segment"])
def test_types_have_the_hash_that_ros_computes(name):
    described = json.loads((SHARE / f"{name}.json").read_text())["type_hashes"]
    (expected,) = [t["hash_string"] for t in described if t["type_name"] == f"eovseg_ros/msg/{name}"]
    assert type_hash(f"eovseg_ros/msg/{name}") == expected


def test_definitions_hold_all_types():
    text = definition("eovseg_ros/msg/PanopticSegmentation")
    assert "MSG: eovseg_ros/Segment" in text and "MSG: geometry_msgs/Quaternion" in text


CHANNELS = [vocabulary_channel(), *camera_channels("front", compressed=False)]


def write(file, first, last):
    """Images and segments of some frames, a chunk for every two."""
    for i in range(first, last):
        one = frame(header(FIRST + i))
        file.add(
            1, FIRST + i, encode_message(label_image_message(one.panoptic, one.header, compressed=False))
        )
        file.add(3, FIRST + i, encode_message(segments_message(one)))
        if i % 2:
            file.end_chunk()


def written(path):
    file = McapFile(path, CHANNELS)
    write(file, 0, 8)
    file.finish({"one": {"key": "value"}, "two": {}})
    return path


def test_a_file_is_read_by_other_readers(tmp_path):
    path = written(tmp_path / "a.mcap")
    with path.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True, decoder_factories=[DecoderFactory()])
        summary = reader.get_summary()
        assert summary.statistics.message_count == 16 and summary.statistics.chunk_count == 4
        assert [(m.name, m.metadata) for m in reader.iter_metadata()] == [
            ("one", {"key": "value"}),
            ("two", {}),
        ]
        topics = {c.topic: c for c in summary.channels.values()}
        assert "durability: 1" in topics["/eovseg/vocabulary"].metadata["offered_qos_profiles"]
        assert "durability: 2" in topics["/eovseg/front/segments"].metadata["offered_qos_profiles"]
        decoded = list(reader.iter_decoded_messages(topics=["/eovseg/front/segments"]))
        assert [m.log_time for _, _, m, _ in decoded] == [FIRST + i for i in range(8)]
        assert [s.label for s in decoded[3].decoded_message.segments] == ["floor", "röd mug"]
        (first, *_) = reader.iter_messages(topics=["/eovseg/front/panoptic"], starting_at=FIRST + 5)
        assert first[2].log_time == FIRST + 5
        assert deserialize_message(first[2].data, Image).height == 24
    with open_bag(path) as bag:
        found = list(bag.messages(["/eovseg/front/segments"]))
        assert [m.log_time for m in found] == [FIRST + i for i in range(8)]
        assert bag.topics["/eovseg/front/panoptic"].messages == 8
        message = typestore().deserialize_cdr(found[0].data, bag.topics[found[0].topic].type_name)
        assert message.segments[1].label == "röd mug"


@pytest.mark.parametrize("whole", [0, 1, 3, 4])
@pytest.mark.parametrize("torn", [0, 7, 300])
def test_a_file_continued_after_a_chunk_is_the_same(tmp_path, whole, torn):
    expected = written(tmp_path / "a.mcap").read_bytes()
    file = McapFile(tmp_path / "b.mcap", CHANNELS)
    write(file, 0, 2 * whole)
    size = file.end_chunk()
    file.add(1, 0, bytes(1000))
    file.close()
    with (tmp_path / "b.mcap").open("ab") as stream:
        stream.write(bytes(torn))  # of a chunk that was not finished
    again = McapFile(tmp_path / "b.mcap", CHANNELS, size=size)
    write(again, 2 * whole, 8)
    again.finish({"one": {"key": "value"}, "two": {}})
    assert (tmp_path / "b.mcap").read_bytes() == expected


def test_a_file_without_messages_is_read(tmp_path):
    McapFile(tmp_path / "a.mcap", CHANNELS).finish({})
    with open_bag(tmp_path / "a.mcap") as bag:
        assert set(bag.topics) == {c.topic for c in CHANNELS} and list(bag.messages(bag.topics)) == []


def test_channels_of_a_bag_are_written_as_they_are(tmp_path):
    with open_bag(written(tmp_path / "a.mcap")) as bag:
        channel = source_channel(bag.topics["/eovseg/front/segments"])
    assert channel.type_name == "eovseg_ros/msg/PanopticSegmentation"
    assert channel.definition == definition(channel.type_name) and "durability: 2" in channel.qos


def test_channels_of_bags_without_definitions_get_those_that_are_known():
    text = source_channel(Topic("/chatter", "std_msgs/msg/String", 1))
    assert (text.definition, text.encoding) == ("string data\n", "ros2msg") and text.type_hash
    own = source_channel(Topic("/odd", "robot_msgs/msg/Own", 1))
    assert (own.definition, own.type_hash) == ("", "")


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    trackers = {"": {"ids": np.arange(3), "empty": np.zeros((0, 2), np.float32)}, "a/b": {"ids": np.ones(1)}}
    write_checkpoint(tmp_path / "c", Checkpoint("print", 5, 7, {"frames": 3}, trackers))
    found = read_checkpoint(tmp_path / "c")
    assert (found.fingerprint, found.size, found.images, found.counts) == ("print", 5, 7, {"frames": 3})
    assert {c: {k: v.tolist() for k, v in t.items()} for c, t in found.trackers.items()} == {
        "": {"ids": [0, 1, 2], "empty": []},
        "a/b": {"ids": [1.0]},
    }
    assert found.trackers[""]["empty"].dtype == np.float32


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04torn", b"nothing"])
def test_a_torn_checkpoint_is_none(tmp_path, content):
    (tmp_path / "c").write_bytes(content)
    assert read_checkpoint(tmp_path / "c") is None
    assert read_checkpoint(tmp_path / "missing") is None


def test_a_file_does_not_depend_on_when_it_is_written(tmp_path):
    digests = {hashlib.sha256(written(tmp_path / name).read_bytes()).hexdigest() for name in "ab"}
    assert len(digests) == 1


def test_a_file_is_written_by_one_run_at_a_time(tmp_path):
    file = McapFile(tmp_path / "a.mcap", CHANNELS)
    write(file, 0, 2)
    size = file.size
    with pytest.raises(BagError, match="another run is writing .*a.mcap: wait for it"):
        McapFile(tmp_path / "a.mcap", CHANNELS)
    file.close()
    assert (tmp_path / "a.mcap").stat().st_size == size  # the other one has changed nothing
    McapFile(tmp_path / "a.mcap", CHANNELS, size=size).close()
