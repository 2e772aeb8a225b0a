"""Settings as text to copy, and what a page is told about segments."""

import shlex

import yaml
from geometry_msgs.msg import Point

from eovseg_ros.msg import PanopticSegmentation, Segment
from eovseg_ros.web.page.segments_panel import segment_rows
from eovseg_ros.web.robot.commands import as_commands, as_yaml

ENTRIES = ["mug,cup", "floor|stuff", "@default", 'cat\'s $HOME `ls` "x"', "no", "a: b"]
SETTINGS = {"overlap_threshold": -1.0, "smoothing": 0.8}


def test_commands_pass_a_shell_and_yaml_unchanged():
    words = [shlex.split(line) for line in as_commands("/robot/eovseg", ENTRIES, SETTINGS).splitlines()]
    assert [one[:4] for one in words] == [["ros2", "param", "set", "/robot/eovseg"]] * 3
    assert {one[4]: yaml.safe_load(one[5]) for one in words} == {"vocabulary": ENTRIES, **SETTINGS}
    assert as_commands("/eovseg", [], {}) == ""
    line = as_commands("/eovseg", ["mug,cup", "floor|stuff"], {"smoothing": 0.8})
    assert line.splitlines() == [
        "ros2 param set /eovseg vocabulary \"['mug,cup', 'floor|stuff']\"",
        "ros2 param set /eovseg smoothing 0.8",
    ]


def test_the_parameter_file_reads_as_written():
    read = yaml.safe_load(as_yaml("/eovseg", ENTRIES, SETTINGS))
    assert read == {"/eovseg": {"ros__parameters": {"vocabulary": ENTRIES, **SETTINGS}}}


def test_rows_of_the_table():
    mug = Segment(id=2, track_id=5, label="mug", is_thing=True, score=0.876, pixel_area=50)
    mug.has_position, mug.position = True, Point(x=3.0, y=0.0, z=4.0)
    floor = Segment(id=1, label="floor", score=1.0, pixel_area=150)
    message = PanopticSegmentation(height=10, width=20, segments=[mug, floor], position_frame="camera")
    first, second = segment_rows(message)
    assert (first["name"], first["area"], first["position"], first["distance"]) == ("floor", 75.0, "", None)
    assert (second["key"], second["name"], second["score"]) == ("track 5", "mug #5", 0.88)
    assert (second["area"], second["position"], second["distance"]) == (25.0, "3.00, 0.00, 4.00", 5.0)
