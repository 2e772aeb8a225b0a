import dataclasses
from pathlib import Path

import pytest
import yaml
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter

from eovseg_model.vocabulary.vocabulary import Vocabulary, load_vocabulary
from eovseg_ros.node.parameters import NodeParameters, ParameterError, parameter_specs

CONFIG = Path(__file__).parents[3] / "config" / "eovseg.yaml"


def declare(*overrides):
    """Declare on a node that was started with these -p arguments."""
    context = Context()
    arguments = [word for override in overrides for word in ("-p", override)]
    context.init(["--ros-args", *arguments] if arguments else [])
    node = Node("eovseg", context=context)
    try:
        return NodeParameters.declare(node), node
    finally:
        node.destroy_node()
        context.shutdown()


def test_the_parameter_file_names_every_parameter_with_its_default():
    values = yaml.safe_load(CONFIG.read_text())["/**"]["ros__parameters"]
    assert values.keys() == {field.name for field in dataclasses.fields(NodeParameters)}
    assert NodeParameters().replaced(values) == NodeParameters()


def test_defaults():
    parameters, node = declare()
    assert parameters == NodeParameters()
    for field in dataclasses.fields(NodeParameters):
        assert node.describe_parameter(field.name).description
    described = node.describe_parameter("overlay_opacity").floating_point_range[0]
    assert (described.from_value, described.to_value) == (0.0, 1.0)
    described = node.describe_parameter("max_rate")
    assert described.additional_constraints == "0 or 0.01 to 1000"
    assert described.floating_point_range[0].from_value == 0.0


def test_the_variants_own_overlap_threshold_is_none_for_the_model():
    assert NodeParameters(overlap_threshold=-1.0).model_overlap_threshold is None
    assert NodeParameters(overlap_threshold=0.0).model_overlap_threshold == 0.0
    assert NodeParameters(overlap_threshold=0.5).model_overlap_threshold == 0.5


def test_the_ranges():
    assert {name: spec.range_text for name, spec in parameter_specs().items() if spec.range_text} == {
        "threads": "0 to 256",
        "parallel_frames": "1 to 64",
        "short_side": "-1 to 4096",
        "object_threshold": "0 to 1",
        "overlap_threshold": "-1 or 0 to 1",
        "batch_cameras": "1 to 16",
        "max_rate": "0 or 0.01 to 1000",
        "max_pixels": "1 to 1e+09",
        "depth_tolerance": "0 to 10",
        "track_memory": "0.1 to 3600",
        "smoothing": "0 to 0.99",
        "points_stride": "1 to 64",
        "overlay_opacity": "0 to 1",
        "diagnostics_rate": "0.1 to 10",
    }


def test_what_may_change_while_the_node_runs():
    assert [name for name, spec in parameter_specs().items() if spec.live] == [
        "vocabulary",
        "object_threshold",
        "overlap_threshold",
        "max_rate",
        "max_pixels",
        "depth_tolerance",
        "tracking",
        "track_memory",
        "smoothing",
        "publish_embeddings",
        "points_stride",
        "overlay_opacity",
        "diagnostics_rate",
    ]


def test_values_given_at_the_start():
    parameters, _ = declare("vocabulary:=['mug,cup', 'floor|stuff']", "object_threshold:=1", "device:=cpu")
    assert parameters.vocabulary == ("mug,cup", "floor|stuff")
    assert parameters.object_threshold == 1.0 and isinstance(parameters.object_threshold, float)
    assert parameters.device == "cpu"


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("vocabulary:=[]", "'vocabulary' is empty: write a list"),
        ("vocabulary:=mug", "must be a list of strings, got the string 'mug'"),
        ("vocabulary:=[yes, no]", r"must be a list of strings, got \[True, False\] .YAML reads yes"),
        ("vocabulary:=[1, 2]", r"must be a list of strings, got \[1, 2\]"),
        ("vocabulary:=['mug', 'Mug']", "duplicate"),
        ("vocabulary:=['mug', '']", "empty name"),
        ("vocabulary:=['mug|liquid']", "thing or stuff"),
        ("vocabulary:=['@no_such_set']", "unknown vocabulary @no_such_set"),
        ("object_threshold:=high", "'object_threshold' must be a number, got 'high'"),
        ("overlay:=1", "'overlay' must be true or false, got 1"),
        ("short_side:=640.5", "'short_side' must be a whole number"),
        ("variant:=xxl", "'variant' must be one of tiny, s, m, l, got 'xxl'"),
        ("diagnostics_rate:=0", "'diagnostics_rate' must lie between 0.1 and 10, got 0"),
        ("overlap_threshold:=1.5", "overlap_threshold out of range Min: -1.0, Max: 1.0"),
        ("overlap_threshold:=.nan", "overlap_threshold out of range"),
        ("overlap_threshold:=-0.1", "'overlap_threshold' must be -1 or lie between 0 and 1, got -0.1"),
        ("max_rate:=1e-10", "'max_rate' must be 0 or lie between 0.01 and 1000, got 1e-10"),
        ("max_rate:=.inf", "max_rate out of range"),
        ("cameras:=front", "'cameras' must be a list of strings, got the string 'front'"),
        ("cameras:=[1]", r"'cameras' must be a list of strings, got \[1\]"),
        ("cameras:=['']", "'cameras' has '', which cannot be part of a topic"),
        ("cameras:=['front camera']", "'cameras' has 'front camera', which cannot be part of a topic"),
        ("cameras:=['2nd']", "letters, digits and single _, and a letter first"),
        ("cameras:=['a__b']", "'cameras' has 'a__b', which cannot be part of a topic"),
        ("cameras:=['a', 'b', 'a']", "'cameras' has 'a' twice"),
        ("cameras:=['vocabulary']", "'cameras' has 'vocabulary', which is a topic or service of the node"),
        (f"cameras:={[f'c{i}' for i in range(33)]}", "'cameras' has 33 names, the maximum is 32"),
    ],
)
def test_a_wrong_value_at_the_start_says_what_to_write(override, reason):
    with pytest.raises(ParameterError, match=reason):
        declare(override)


@pytest.mark.parametrize(
    ("override", "cameras", "names"),
    [
        ("cameras:=[]", (), ("",)),
        ("cameras:=['front', 'rear_2']", ("front", "rear_2"), ("front", "rear_2")),
    ],
)
def test_the_names_of_the_cameras(override, cameras, names):
    parameters, _ = declare(override)
    assert (parameters.cameras, parameters.camera_names) == (cameras, names)


@pytest.mark.parametrize(
    ("variant", "names"),
    [("tiny", "simulation_trained"), ("s", "coco_panoptic"), ("m", "coco_panoptic"), ("l", "coco_panoptic")],
)
def test_the_default_vocabulary_is_what_the_variant_is_for(variant, names):
    parameters, _ = declare(f"variant:={variant}")
    assert parameters.vocabulary == ("@default",)
    without_quotes = parameters.replaced({"vocabulary": ["set=default"]})
    assert without_quotes.model_vocabulary == parameters.model_vocabulary
    assert Vocabulary.parse(parameters.model_vocabulary) == load_vocabulary(names)
    more = parameters.replaced({"vocabulary": ["sewing needle", " @default"]})
    assert more.model_vocabulary == ("sewing needle", f"@{names}")


def test_an_entry_takes_precedence_over_the_default_vocabulary_of_any_variant():
    tiny = NodeParameters().replaced({"vocabulary": ["@default", "traffic light"]})
    s = tiny.replaced({"variant": "s"})
    labels = Vocabulary.parse(s.model_vocabulary).labels
    assert labels.count("traffic light") == 1 and labels[-1] == "traffic light" and len(labels) == 133


def test_too_long_and_too_many_are_refused_with_a_reason():
    with pytest.raises(ParameterError, match="too long"):
        NodeParameters().replaced({"vocabulary": ["x" * 1000]})
    with pytest.raises(ParameterError, match="too many"):
        NodeParameters().replaced({"vocabulary": [f"thing {i}" for i in range(100_000)]})


def test_every_number_has_a_range():
    for name, spec in parameter_specs().items():
        default = getattr(NodeParameters, name)
        assert bool(spec.range_text) == (type(default) in (int, float)), name


@pytest.mark.parametrize("name", [n for n, s in parameter_specs().items() if s.range_text])
def test_the_ends_of_a_range_belong_to_it_and_nothing_beyond(name):
    spec, default = parameter_specs()[name], getattr(NodeParameters, name)
    kind, least = type(default), 1 if isinstance(default, int) else 1e-9
    for value in (kind(spec.low), kind(spec.high), default):
        assert getattr(NodeParameters().replaced({name: value}), name) == value
    outside = [kind(spec.low - least), kind(spec.high + 1000 * least)]
    for value in outside + [float("nan"), float("inf"), -float("inf")]:
        with pytest.raises(ParameterError, match=f"'{name}' must"):
            NodeParameters().replaced({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vocabulary", ["cup"]),
        ("object_threshold", 0.3),
        ("overlap_threshold", 0.5),
        ("overlay_opacity", 1),
        ("max_rate", 5.0),
        ("diagnostics_rate", 2.0),
    ],
)
def test_what_may_change_at_run_time(name, value):
    changed = NodeParameters().changed_at_run_time([Parameter(name, value=value)])
    assert getattr(changed, name) in (value, ("cup",))
    assert changed != NodeParameters()


@pytest.mark.parametrize(
    ("name", "value"),
    [("variant", "s"), ("checkpoint", "/tmp/x"), ("device", "cuda"), ("short_side", 320), ("overlay", False)],
)
def test_what_needs_a_restart_says_so(name, value):
    with pytest.raises(ParameterError, match=f"'{name}' cannot change while the node runs: restart the node"):
        NodeParameters().changed_at_run_time([Parameter(name, value=value)])


def test_setting_the_value_that_is_there_is_no_change():
    assert NodeParameters().changed_at_run_time([Parameter("variant", value="tiny")]) == NodeParameters()


def test_parameters_of_ros_itself_are_let_through():
    assert NodeParameters().changed_at_run_time([Parameter("use_sim_time", value=True)]) == NodeParameters()


def test_a_message_quotes_little_of_a_long_value():
    values = ["x" * 10_000, ["x"] * 10_000, [b"x"] * 10_000, [1.5] * 10_000, 10**4000]
    for name, value in [(name, value) for name in ("variant", "overlay", "max_rate") for value in values]:
        with pytest.raises(ParameterError) as caught:
            NodeParameters().replaced({name: value})
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "shown"),
    [("x" * 78, f"'{'x' * 78}'"), ("x" * 79, f"'{'x' * 79}..."), ([1] * 90, f"[1{', 1' * 26}...")],
)
def test_a_message_shows_80_characters_of_a_value(value, shown):
    with pytest.raises(ParameterError) as caught:
        NodeParameters().replaced({"variant": value})
    assert str(caught.value).endswith(f", got {shown}") and len(shown.removesuffix("...")) == 80


def test_a_path_has_at_most_4096_characters():
    assert len(NodeParameters().replaced({"checkpoint": "x" * 4096}).checkpoint) == 4096
    with pytest.raises(ParameterError, match="'checkpoint' has 4097 characters, the maximum is 4096: 'xxx"):
        NodeParameters().replaced({"checkpoint": "x" * 4097})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"max_rate": 1.0}, None),
        ({"vocabulary": ["mug", "@default"]}, ("mug", "@simulation_trained")),
        ({"vocabulary": ["@default"], "variant": "s"}, ("@coco_panoptic",)),
        ({"variant": "l"}, ("@coco_panoptic",)),
        ({"vocabulary": [1, 2]}, None),
        ({"vocabulary": ["mug"], "variant": "xxl"}, None),
    ],
)
def test_the_vocabulary_that_values_lead_to(values, expected):
    assert NodeParameters().requested_vocabulary(values) == expected


def test_entries_are_read_by_whom_the_caller_names():
    asked = []
    parameters = NodeParameters().replaced({"vocabulary": ["@/no/such/file.json"]}, asked.append)
    parameters.changed_at_run_time([Parameter("vocabulary", value=["@/b.json"])], asked.append)
    assert asked == [("@/no/such/file.json",), ("@/b.json",)]
