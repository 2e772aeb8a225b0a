"""Bags as other recorders, other releases and accidents leave them."""

import os
import shutil
import sqlite3

import pytest
from bag_files import FIRST, PERIOD, counting, image, numbered, write_bag
from mcap.reader import make_reader
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
from test_labelling import labeller
from test_reading import ONE, levels

from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.exporting.full_copy import write_full_copy
from eovseg_ros.bags.message_types import definition, encode_message
from eovseg_ros.bags.reading.bag import open_bag, slow_to_open
from eovseg_ros.bags.reading.cameras import check_topics
from eovseg_ros.bags.reading.images import DepthSettings, read_images
from eovseg_ros.bags.reading.selection import Selection
from eovseg_ros.messages import image_to_rgb

IMAGE = "sensor_msgs/msg/Image"
QOS = """
        - {history: keep_last, depth: 5, reliability: reliable, durability: volatile, liveliness: automatic,
           deadline: {sec: 0, nsec: 0}, lifespan: {sec: 0, nsec: 0},
           liveliness_lease_duration: {sec: 0, nsec: 0}, avoid_ros_namespace_conventions: false}"""


def write_mcap(
    path,
    messages,
    *,
    profile="ros2",
    name=IMAGE,
    encoding="cdr",
    definition_form="ros2msg",
    beside=None,
    **options,
):
    """A file by MCAP's own library; `beside` is the form of another topic, whose schema is no text."""
    with path.open("wb") as file:
        writer = McapWriter(file, chunk_size=3000, **options)
        writer.start(profile=profile, library="test")
        if beside:
            other = writer.register_channel(
                "/other", beside, writer.register_schema("x", beside, b"\x00\xff")
            )
            writer.add_message(other, FIRST, b"\xff", FIRST)
        schema = writer.register_schema(name, definition_form, definition(IMAGE).encode())
        channel = writer.register_channel("/image", encoding, schema)
        for _, time, message in messages:
            writer.add_message(channel, time, encode_message(message), time)
        writer.finish()
    return path


def storage(folder):
    (file,) = [path for path in folder.iterdir() if path.name != "metadata.yaml"]
    return file


def change_metadata(folder, old, new):
    text = (folder / "metadata.yaml").read_text()
    assert old in text
    (folder / "metadata.yaml").write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "options",
    [
        {"compression": CompressionType.LZ4},
        {"compression": CompressionType.NONE},
        {"use_chunking": False},
        {"index_types": IndexType.NONE},
        {"index_types": IndexType.CHUNK},
        {"index_types": IndexType.MESSAGE},
        {"use_statistics": False},
        {"repeat_channels": False},
        {"repeat_schemas": False},
        {
            "use_statistics": False,
            "index_types": IndexType.NONE,
            "repeat_channels": False,
            "repeat_schemas": False,
        },
        {"profile": ""},
        {"name": "sensor_msgs/Image"},
        {"beside": "protobuf"},
        {"beside": "jsonschema"},
    ],
)
def test_mcap_files_of_all_recorders_are_read(tmp_path, options):
    assert levels(write_mcap(tmp_path / "bag.mcap", counting(6), **options)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("options", [{}, {"use_chunking": False}])
def test_messages_that_were_written_late_are_read(tmp_path, options):
    messages = counting(6)
    messages[1], messages[4] = messages[4], messages[1]  # they are in other chunks
    found = levels(write_mcap(tmp_path / "bag.mcap", messages, **options))
    assert found == ([0, 4, 2, 3, 1, 5] if options else [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"encoding": "json"}, "/image has messages in json, not in ROS 2's form, CDR"),
        ({"name": "foxglove/Image/x"}, "/image is a foxglove/Image/x, not a sensor_msgs/msg/Image or "),
    ],
)
def test_topics_of_another_kind_are_refused(tmp_path, options, reason):
    bag = open_bag(write_mcap(tmp_path / "bag.mcap", counting(1), **options))
    with pytest.raises(BagError, match=reason):
        check_topics(ONE, bag.topics)


def test_topics_of_other_forms_are_copied_as_they_are(tmp_path):
    """Definitions in IDL, schemas that are no text, and messages that are not CDR."""
    bag = write_mcap(tmp_path / "bag.mcap", counting(3), beside="protobuf", definition_form="ros2idl")
    assert labeller().label(bag, tmp_path / "bag_labels.mcap").counts.frames == 3
    write_full_copy(bag, tmp_path / "bag_labels.mcap", tmp_path / "copy.mcap")
    with (tmp_path / "copy.mcap").open("rb") as file:
        found = [
            (schema.encoding, bytes(schema.data), channel.message_encoding, message.data)
            for schema, channel, message in make_reader(file).iter_messages(["/image", "/other"])
        ]
    assert ("protobuf", b"\x00\xff", "protobuf", b"\xff") in found and len(found) == 4
    assert [each[0] for each in found].count("ros2idl") == 3


@pytest.mark.parametrize("kind", ["mcap", "sqlite3"])
@pytest.mark.parametrize("compression", [None, "file", "message"])
@pytest.mark.parametrize("metadata", ["missing", "", "{{", "version: 10", "other QoS", "other counts"])
def test_metadata_do_not_decide_what_is_read(tmp_path, kind, compression, metadata):
    """Messages and topics are in the files; metadata.yaml only names these."""
    bag = write_bag(tmp_path / "bag", counting(3), storage=kind, compression=compression)
    if metadata == "missing":
        (bag / "metadata.yaml").unlink()
    elif metadata == "version: 10":
        change_metadata(bag, "version: 9", metadata)
    elif metadata == "other QoS":
        change_metadata(bag, "offered_qos_profiles: []", f"offered_qos_profiles: {QOS}")
    elif metadata == "other counts":
        change_metadata(bag, "message_count: 3", "message_count: many")
    else:
        (bag / "metadata.yaml").write_text(metadata)
    assert levels(bag) == [0, 1, 2]


@pytest.mark.parametrize("kind", ["mcap", "sqlite3"])
@pytest.mark.parametrize("compression", [None, "file", "message"])
def test_any_file_alone_is_a_bag(tmp_path, kind, compression):
    bag = write_bag(tmp_path / "bag", counting(3), storage=kind, compression=compression)
    assert levels(storage(bag)) == [0, 1, 2]


def test_a_missing_file_is_named(tmp_path):
    bag = write_bag(tmp_path / "bag", counting(3))
    (bag / "bag.mcap").unlink()
    with pytest.raises(BagError, match=r"bag/bag.mcap is missing, which metadata.yaml names: copy it"):
        open_bag(bag)


def test_a_file_may_have_been_unpacked(tmp_path):
    plain = write_bag(tmp_path / "bag", counting(3))
    packed = write_bag(tmp_path / "packed", counting(3), compression="file")
    storage(packed).unlink()
    shutil.copy(plain / "bag.mcap", packed / "packed.mcap")
    assert levels(packed) == [0, 1, 2]


def test_files_are_read_by_their_times_and_not_in_the_order_of_the_metadata(tmp_path):
    bag = write_bag(tmp_path / "bag", counting(2))
    more = [("/image", FIRST + i * PERIOD, image(numbered(i), FIRST)) for i in range(2, 5)]
    shutil.copy(storage(write_bag(tmp_path / "more", more)), bag / "bag_1.mcap")
    change_metadata(bag, "- bag.mcap", "- bag/bag_1.mcap\n  - bag/bag.mcap")  # with the folder, as in Dashing
    assert levels(bag) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("files", ["named", "found"])
def test_a_broken_file_does_not_hide_the_later_ones(tmp_path, files):
    none = CompressionType.NONE
    first = write_mcap(tmp_path / "first.mcap", counting(6), compression=none).read_bytes()
    bag = write_bag(tmp_path / "bag", [("/image", FIRST + 9 * PERIOD, image(numbered(9), FIRST))])
    (bag / "bag_0.mcap").write_bytes(first[: len(first) // 2])
    if files == "named":
        change_metadata(bag, "- bag.mcap", "- bag_0.mcap\n  - bag.mcap")
    else:
        (bag / "metadata.yaml").unlink()
    found = []
    with open_bag(bag) as opened, pytest.raises(BagError, match=r"bag_0.mcap breaks off after 0\.\d s"):
        for each in read_images(opened, ONE, Selection(), DepthSettings()):
            found.append(int(image_to_rgb(each.message)[0, 0, 0]))  # noqa: PERF401  # until the error
    assert found[:2] == [0, 1] and found[-1] == 9 and len(found) < 7


def test_an_empty_file_of_a_recorder_that_was_killed_is_left_out(tmp_path):
    bag = write_bag(tmp_path / "bag", counting(2))
    (bag / "metadata.yaml").unlink()
    (bag / "bag_1.mcap").touch()
    assert levels(bag) == [0, 1]


@pytest.mark.parametrize("kind", ["mcap", "sqlite3"])
@pytest.mark.parametrize(
    "name", ["a b", "a%41b", "a%b", "a?b=1", "a#b", "ä", "'", '"', "a\nb", os.fsdecode(b"\xff")]
)
def test_names_of_all_kinds(tmp_path, kind, name):
    bag = write_bag(tmp_path / "bag", counting(2), storage=kind)
    assert levels(bag.rename(tmp_path / name)) == [0, 1]


def test_what_a_killed_recorder_left_in_the_log_of_sqlite_is_read(tmp_path):
    bag = write_bag(tmp_path / "bag", counting(5), storage="sqlite3")
    database = sqlite3.connect(storage(bag))
    rows = database.execute("SELECT topic_id, timestamp, data FROM messages").fetchall()
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("DELETE FROM messages WHERE id > 2")
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.executemany("INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)", rows[2:])
    database.commit()
    killed = shutil.copytree(bag, tmp_path / "killed")  # as it is while the recorder runs
    database.close()
    (killed / "metadata.yaml").unlink()
    assert levels(killed) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("qos", ["", ", offered_qos_profiles TEXT NOT NULL DEFAULT ''"])
def test_tables_of_older_releases_are_read(tmp_path, qos):
    """Before Iron there were no definitions, before Foxy no QoS, and no schema's number."""
    database = sqlite3.connect(tmp_path / "old.db3")
    columns = "name TEXT NOT NULL, type TEXT NOT NULL, serialization_format TEXT NOT NULL"
    database.execute(f"CREATE TABLE topics (id INTEGER PRIMARY KEY, {columns}{qos})")
    columns = "topic_id INTEGER NOT NULL, timestamp INTEGER NOT NULL, data BLOB NOT NULL"
    database.execute(f"CREATE TABLE messages (id INTEGER PRIMARY KEY, {columns})")
    database.execute(
        "INSERT INTO topics (id, name, type, serialization_format) VALUES (7, '/image', ?, 'cdr')", [IMAGE]
    )
    rows = [(7, time, encode_message(message)) for _, time, message in reversed(counting(3))]
    database.executemany("INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)", rows)
    database.commit()
    database.close()
    assert levels(tmp_path / "old.db3") == [0, 1, 2]
    assert labeller().label(tmp_path / "old.db3", tmp_path / "labels.mcap").counts.frames == 3
    write_full_copy(tmp_path / "old.db3", tmp_path / "labels.mcap", tmp_path / "copy.mcap")
    with (tmp_path / "copy.mcap").open("rb") as file:
        schema, *_ = next(make_reader(file).iter_messages(["/image"]))
    assert (schema.encoding, schema.data.decode()) == ("ros2msg", definition(IMAGE))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.mcap", b"", "x.mcap is empty"),
        ("x.mcap", b"no bag", "x.mcap is no MCAP file: it does not begin like one"),
        ("x.db3", b"", "x.db3 has no tables of rosbag2"),
        ("x.db3", b"no bag", "cannot read .*x.db3: file is not a database"),
        ("x.mcap.zstd", b"no bag", "x.mcap.zstd is empty"),
        ("x.bag", b"#ROSBAG V2.0\n", "x.bag is a bag of ROS 1: convert it with rosbags-convert first"),
        ("x.mp4", b"", "x.mp4 is no bag: give a rosbag2 folder, or an .mcap or .db3 file"),
    ],
)
def test_files_that_are_no_bags_are_named(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BagError, match=reason):
        open_bag(tmp_path / name)


def test_files_without_an_index_are_slow_to_open(tmp_path):
    assert not slow_to_open(write_mcap(tmp_path / "a.mcap", counting(2)))
    assert slow_to_open(write_mcap(tmp_path / "b.mcap", counting(2), index_types=IndexType.NONE))


@pytest.mark.parametrize("kind", ["mcap", "sqlite3"])
def test_messages_that_the_index_does_not_lead_to_are_missed(tmp_path, kind):
    bag = write_bag(tmp_path / "bag", counting(4), storage=kind)
    if kind == "mcap":  # the index of the only chunk says that it is of another channel
        content = bytearray((bag / "bag.mcap").read_bytes())
        with (bag / "bag.mcap").open("rb") as file:
            (chunk,) = make_reader(file).get_summary().chunk_indexes
        (offset,) = chunk.message_index_offsets.values()
        place = content.rindex(offset.to_bytes(8, "little")) - 2
        content[place : place + 2] = b"\x07\x00"
        (bag / "bag.mcap").write_bytes(content)
    else:
        database = sqlite3.connect(bag / "bag.db3")
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET sql = sql || ' WHERE id < 4' WHERE name = 'timestamp_idx'")
        database.commit()
        database.close()
        database = sqlite3.connect(bag / "bag.db3")
        database.execute("REINDEX timestamp_idx")
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ' WHERE id < 4', '') WHERE name = 'timestamp_idx'"
        )
        database.commit()
        database.close()
    with pytest.raises(BagError, match=r"bag is broken: [03] of its 4 messages can be found"):
        levels(bag)


@pytest.mark.parametrize("options", [{}, {"use_chunking": False}])
def test_a_flipped_bit_costs_no_image_without_an_error(tmp_path, options):
    file = write_mcap(tmp_path / "bag.mcap", counting(4), **options)
    good = file.read_bytes()
    places = [*range(0, len(good), 97), *range(len(good) - 300, len(good), 7)]
    for place in places:
        changed = bytearray(good)
        changed[place] ^= 16
        file.write_bytes(changed)
        try:
            assert len(levels(file)) == 4
        except (
            BagError,
            ValueError,
            KeyError,
        ):  # of the bag, of the message, of a topic that is called otherwise
            pass
