"""The node's command line, by real processes: what is used, what is refused and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest
from graph import LATCHED, image_publisher, squares
from rcl_interfaces.srv import GetParameters

from eovseg_ros.msg import Vocabulary
from eovseg_ros.node.parameters import parameter_specs

DEFAULTS = str(Path(__file__).parents[3] / "config/eovseg.yaml")


def run(*words, module="eovseg_ros.node.main"):
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_parameter_and_starts_nothing(flag):
    result = run(flag, "--ros-args", "-p", "autostart:=false")
    assert result.returncode == 0 and result.stderr == ""
    assert "usage: eovseg_node" in result.stdout and "image:=TOPIC" in result.stdout
    for name, spec in parameter_specs().items():
        assert f"\n  {name} (default " in result.stdout
        assert spec.description.split()[0] in result.stdout
    assert "max_rate (default 0.0; 0 or 0.01 to 1000; live)" in result.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ["--ros-args", "-p", "vocabulary:=[@coco_panoptic]"],
            "write ['@coco_panoptic'], or set=coco_panoptic",
        ),
        (
            ["--ros-args", "--params-file", DEFAULTS, "-p", "overlay:=flase"],
            "must be true or false, got 'flase'",
        ),
        (["--ros-args", "-p", "vocabulary:=['mug,@lvis']"], "'@lvis' stands for a whole set"),
        (["--ros-args", "-r", "__ns:=/left/"], "remap __ns to a namespace such as /robot/left"),
        (["--ros-args", "--params-file", "/no/such/file.yaml"], "no such file"),
        (["image:=/camera"], "unknown arguments 'image:=/camera': ROS arguments must follow --ros-args"),
        (["-p", "threads:=2"], "eovseg_node --ros-args -p"),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(value)[-30:],
)
def test_a_wrong_argument_ends_the_node_with_one_line(words, reason):
    result = run(*words)
    assert result.returncode == 1 and result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "[FATAL]" in line and "[eovseg]" in line and reason in line


def test_a_camera_refuses_a_wrong_argument_with_one_line():
    result = run("--ros-args", "-r", "image", module="eovseg_ros.simulation.recorded_camera")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "[recorded_camera]: -r image: write it as image:=/other/name" in line


def test_what_the_user_gives_last_is_what_the_node_has(graph, start, tmp_path):
    section = tmp_path / "one_node.yaml"
    section.write_text("/left/eovseg:\n  ros__parameters:\n    threads: 3\n    max_rate: 4.0\n")
    files = ("--ros-args", "--params-file", DEFAULTS, "--params-file", str(section))
    rules = ("-p", "overlay:=0", "-p", "threads:=2", "-p", "use_sim_time:=yes", "-r", "__ns:=/left", "--")
    start("fake_node", arguments=(*files, *rules))
    client = graph.node.create_client(GetParameters, "/left/eovseg/get_parameters")
    names = ["overlay", "threads", "max_rate", "use_sim_time", "vocabulary"]
    overlay, threads, rate, clock, vocabulary = graph.call(client, GetParameters.Request(names=names)).values
    assert overlay.type == 1 and overlay.bool_value is False
    assert threads.integer_value == 2 and rate.double_value == 4.0 and clock.bool_value is True
    assert list(vocabulary.string_array_value) == ["@default"]


def test_a_set_needs_no_quotes_as_set(graph, start_fake):
    """What `ros2 param set` sends for "[set=cityscapes_19, cup]"."""
    start_fake()
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    graph.wait(lambda: vocabularies)  # else the next one may replace it
    (answer,) = graph.set("/eovseg", vocabulary="[set=cityscapes_19, cup]")
    assert answer.successful, answer.reason
    publisher = image_publisher(graph)
    graph.wait(lambda: not publisher.publish(graph.picture(squares((1, 0)))) and len(vocabularies) > 1)
    assert len(vocabularies[-1].labels) == 20 and vocabularies[-1].labels[-1] == "cup"


def test_an_entry_beside_a_set_is_told_in_the_log(start):
    node = start("fake_node", parameters={"vocabulary": ["@coco_panoptic", "person,human"]})
    node.wait_for_log("segmenting /image", 20)
    warning = "[eovseg]: @coco_panoptic: your own entries take precedence over its classes for 'person'"
    assert node.log.count(warning) == 1
