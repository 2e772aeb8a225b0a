"""Which of several values a node starts with, and in which type: files and -p as users write them."""

import os
from pathlib import Path

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node

from eovseg_ros.node.parameters import NodeParameters, ParameterError
from eovseg_ros.node.startup.ros_arguments import full_name, other_arguments
from eovseg_ros.node.startup.start_values import start_values, warnings_of_unknown_names
from eovseg_ros.node.startup.yaml_values import read_value

DEFAULTS = str(Path(__file__).parents[3] / "config/eovseg.yaml")


@pytest.fixture
def write(tmp_path):
    """Write a parameter file; its path."""

    def write_file(text, name="parameters.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write_file


def over_defaults(*rules):
    """The start values of -p arguments after the package's own file."""
    words = [word for rule in rules for word in ("-p", rule)]
    return start_values(["--ros-args", "--params-file", DEFAULTS, *words])


def section(values, nodes="/**"):
    return f"{nodes}:\n  ros__parameters:\n    {values}\n"


def test_the_packages_own_file_holds_the_defaults():
    assert NodeParameters().replaced(over_defaults()) == NodeParameters()


@pytest.mark.parametrize(
    "word", ["0", "no", "No", "NO", "nO", "off", "OFF", "false", "fAlse", "n", "'false'", "'0'"]
)
def test_every_word_for_no_is_no(word):
    assert over_defaults(f"overlay:={word}")["overlay"] is False


@pytest.mark.parametrize("word", ["1", "yes", "Yes", "on", "On", "true", "tRue", "y", "'on'"])
def test_every_word_for_yes_is_yes(word):
    assert over_defaults("overlay:=false", f"overlay:={word}")["overlay"] is True


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("max_rate:=2", 2.0),
        ("max_rate:=1e2", 100.0),
        ("max_rate:='0.5'", 0.5),
        ("threads:='3'", 3),
        ("threads:=0x10", 16),
        ("threads:=010", 8),
        ("device:=cuda:1", "cuda:1"),
        ("checkpoint:='1'", "1"),
        ("vocabulary:=['on', '1', set=coco_panoptic]", ["on", "1", "set=coco_panoptic"]),
    ],
)
def test_a_value_has_the_type_of_its_parameter(rule, value):
    name = rule.partition(":=")[0]
    given = over_defaults(rule)[name]
    assert given == value and type(given) is type(value)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("overlay:=flase", "'overlay' must be true or false, got 'flase'"),
        ("overlay:=2", "'overlay' must be true or false, got 2"),
        ("overlay:=[true]", r"'overlay' must be true or false, got \[True\]"),
        ("threads:=two", "'threads' must be a whole number, got 'two'"),
        ("threads:=1.5", "'threads' must be a whole number, got 1.5"),
        ("threads:=yes", "'threads' must be a whole number, got True"),
        ("variant:=['s']", r"'variant' must be a string, got \['s'\]"),
        ("variant:=1", "'variant' must be a string, got 1"),
        ("vocabulary:=mug", "'vocabulary' must be a list of strings, got the string 'mug'"),
        ("max_rate:=fast", "'max_rate' must be a number, got 'fast'"),
        ("max_rate:=1e-10", "'max_rate' must be 0 or lie between 0.01 and 1000, got 1e-10"),
        ("max_rate:=.nan", "'max_rate' must be 0 or lie between 0.01 and 1000, got nan"),
        ("max_rate:=.inf", "'max_rate' must be 0 or lie between 0.01 and 1000, got inf"),
        ("max_rate:=9007199254740993", "'max_rate' must be 0 or lie between"),
        ("overlap_threshold:=-0.5", "'overlap_threshold' must be -1 or lie between 0 and 1, got -0.5"),
        ("diagnostics_rate:=-.inf", "'diagnostics_rate' must lie between 0.1 and 10, got -inf"),
        ("use_sim_time:=maybe", "'use_sim_time' must be true or false, got 'maybe'"),
        ("other:threads:=2", "other:threads:=2 is for another node: this node is /eovseg"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(rule, reason):
    with pytest.raises(ParameterError, match=reason) as caught:
        over_defaults(rule)
    assert f"-p {rule}" in str(caught.value)


def test_a_wrong_value_in_a_file_names_the_file(write):
    path = write(section("threads: two"))
    with pytest.raises(ParameterError, match="'threads' must be a whole number, got 'two'") as caught:
        start_values(["--ros-args", "--params-file", path])
    assert path in str(caught.value)


def test_a_long_value_is_shown_in_part():
    with pytest.raises(ParameterError) as caught:
        NodeParameters().replaced({"variant": "x" * 10_000})
    assert len(str(caught.value)) < 200


def test_of_several_values_the_last_counts(write):
    general = write(
        section("threads: 1") + section("threads: 2", "/eovseg") + section("max_rate: 7.0", "/other")
    )
    later = write(section("threads: yes") + section("{threads: 3, overlay: 0}", "/*"), "later.yaml")
    files = ["--params-file", general]
    assert start_values(["--ros-args", *files]) == {"threads": 2}
    assert start_values(["--ros-args", *files, "-p", "threads:=5"]) == {"threads": 5}
    assert start_values(["--ros-args", "-p", "threads:=5", *files]) == {"threads": 2}
    assert start_values(["--ros-args", "-p", "threads:=5", "-p", "threads:=6"]) == {"threads": 6}
    both = start_values(["--ros-args", *files, "--", "--ros-args", "--params-file", later])
    assert both == {"threads": 3, "overlay": False}


@pytest.mark.parametrize(
    ("nodes", "name", "fits"),
    [
        ("/**", "/eovseg", True),
        ("/**", "/left/front/eovseg", True),
        ("/*", "/eovseg", True),
        ("/*", "/left/eovseg", False),
        ("/*/eovseg", "/left/eovseg", True),
        ("/**/eovseg", "/eovseg", True),
        ("/**/eovseg", "/a/b/eovseg", True),
        ("eovseg", "/eovseg", True),
        ("eovseg", "/left/eovseg", False),
        ("/left/eovseg", "/left/eovseg", True),
        ("/left:\n  eovseg", "/left/eovseg", True),
        ("/eovsegs", "/eovseg", False),
    ],
)
def test_a_section_is_for_the_nodes_that_ros_says(write, nodes, name, fits):
    indent = "    " if ":" in nodes else "  "
    path = write(f"{nodes}:\n{indent}ros__parameters:\n{indent}  threads: 4\n")
    namespace, _, node = name.rpartition("/")
    words = ["--ros-args", "-r", f"__ns:={namespace or '/'}", "-r", f"__node:={node}", "--params-file", path]
    assert start_values(words) == ({"threads": 4} if fits else {})
    assert overrides_by_ros(words) == ({"threads": 4} if fits else {})


def overrides_by_ros(words):
    """What rclpy makes of the same words."""
    context = Context()
    rclpy.init(args=words, context=context)
    node = Node("eovseg", context=context)
    try:
        assert node.get_fully_qualified_name() == full_name(words, "eovseg")
        return {name: parameter.value for name, parameter in node._parameter_overrides.items()}
    finally:
        node.destroy_node()
        context.shutdown()


def test_a_node_named_in_a_rule_is_found_in_any_namespace():
    words = ["--ros-args", "-r", "__ns:=/left", "-r", "__node:=front", "-p", "front:threads:=4"]
    assert start_values(words) == {"threads": 4}


TEXTS = [
    "1",
    "-7",
    "+3",
    "010",
    "0x1F",
    "1_0",
    "1.5",
    "1e3",
    "-.5",
    ".nan",
    ".inf",
    "-.inf",
    "inf",
    "yes",
    "No",
    "oN",
    "y",
]
TEXTS += [
    "'yes'",
    '"1"',
    "mug",
    "mug, cup",
    "a:b",
    "~",
    "null",
    "2020-01-01",
    "[1, 2]",
    "[a, 'on']",
    "[1.5, 2.5]",
    "[yes, no]",
]


def test_values_have_the_types_that_ros_gives_them():
    words = ["--ros-args", *(word for i, text in enumerate(TEXTS) for word in ("-p", f"p{i}:={text}"))]
    by_ros = overrides_by_ros(words)
    for i, text in enumerate(TEXTS):
        theirs = list(by_ros[f"p{i}"]) if text.startswith("[") else by_ros[f"p{i}"]
        assert repr(read_value(text)) == repr(theirs), text


def test_words_outside_of_the_ros_arguments_are_others():
    assert other_arguments(["a", "--ros-args", "-p", "x:=1", "--", "-v", "--ros-args", "-r", "a:=b"]) == [
        "a",
        "-v",
    ]
    assert other_arguments(["--ros-args", "-p", "x:=1"]) == []


@pytest.mark.timeout(20)
def test_only_parameter_files_are_read_and_no_pipes(write, tmp_path):
    path = write(section("threads: 2"))
    assert start_values(["--ros-args", "--params-file", path]) == {"threads": 2}
    assert start_values(["--ros-args", "--log-config-file", path]) == {}
    os.mkfifo(tmp_path / "pipe")
    assert start_values(["--ros-args", "--params-file", str(tmp_path / "pipe")]) == {}


def test_a_name_that_nothing_reads_is_told(write):
    path = write(section("{object_treshold: 0.5, unrelated: 1}") + section("threds: 1", "/other"))
    words = ["--ros-args", "--params-file", path, "-p", "unknown:=1", "-p", "use_sim_time:=true"]
    known = ["-p", "qos_overrides./x.depth:=1", "-p", "threads:=1"]
    assert warnings_of_unknown_names(["--ros-args", *known]) == []
    first, second = warnings_of_unknown_names(["--ros-args", *known, *words[1:], *known])
    assert first == f"no parameter is named 'object_treshold': did you mean 'object_threshold'? ({path})"
    assert second == "no parameter is named 'unknown': see --help for the list (-p unknown:=1)"


def test_messages_quote_little_of_a_long_value():
    long = "x" * 20_000
    for rule in (f"use_sim_time:={long}", f"vocabulary:={long}", f"overlay:={long}", f"variant:={long}"):
        with pytest.raises(ParameterError) as caught:
            over_defaults(rule)
        assert len(str(caught.value)) < 700
    (line,) = warnings_of_unknown_names(["--ros-args", "-p", f"{long}:=1"])
    shown = f"no parameter is named '{'x' * 80}': see --help for the list (-p {'x' * 200}...)"
    assert line == shown
    rule = "x" * 197 + ":=1"
    (line,) = warnings_of_unknown_names(["--ros-args", "-p", rule])
    assert line.endswith(f"(-p {rule})") and len(rule) == 200
