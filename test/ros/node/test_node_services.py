"""Requests to the node's services over DDS: each is answered, whatever it holds, and frames go on."""

import json
import os
import time

import pytest
from graph import Graph, image_publisher, squares
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from std_msgs.msg import String
from type_description_interfaces.srv import GetTypeDescription

from eovseg_ros.msg import PanopticSegmentation
from eovseg_ros.processes.child_process import ChildProcess

STRING, STRINGS, DOUBLE, BOOL = 4, 9, 3, 1
LONG = "x" * 10_000_000


class Node:
    """A running node and what the tests ask of it."""

    def __init__(self, graph, process):
        self.graph = graph
        self.process = process
        self.segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
        self.reports = graph.collect_diagnostics()
        self.publisher = image_publisher(graph)
        self._clients = {}

    def client(self, kind, name):
        if name not in self._clients:
            self._clients[name] = self.graph.node.create_client(kind, f"/eovseg/{name}")
            assert self._clients[name].wait_for_service(10)
        return self._clients[name]

    def call(self, kind, name, **fields):
        return self.graph.call(self.client(kind, name), kind.Request(**fields))

    def set(self, *parameters):
        return self.call(SetParameters, "set_parameters", parameters=parameters).results

    def set_atomically(self, *parameters):
        return self.call(SetParametersAtomically, "set_parameters_atomically", parameters=parameters).result

    def get(self, *names):
        return self.call(GetParameters, "get_parameters", names=names).values

    def start_to_set(self, *parameters):
        client = self.client(SetParameters, "set_parameters")
        return client.call_async(SetParameters.Request(parameters=parameters))

    def check_alive(self):
        """A parameter is set within a second, and a frame comes back."""
        started = time.monotonic()
        assert self.set(parameter("object_threshold", DOUBLE, 0.0))[0].successful
        assert time.monotonic() - started < 1
        self.next_frame()
        self.process.check_running()

    def next_frame(self):
        before = len(self.segments)

        def published():
            self.publisher.publish(self.graph.picture(squares((3, 0))))
            time.sleep(0.02)
            return len(self.segments) > before

        self.graph.wait(published, 5, "a frame")


FIELDS = {BOOL: "bool_value", 2: "integer_value", DOUBLE: "double_value", STRING: "string_value"}
FIELDS |= {5: "byte_array_value", 6: "bool_array_value", 7: "integer_array_value"}
FIELDS |= {8: "double_array_value", STRINGS: "string_array_value"}


def parameter(name, kind, value=None):
    message = Parameter(name=name, value=ParameterValue(type=kind))
    if value is not None:
        setattr(message.value, FIELDS[kind], value)
    return message


def vocabulary(*entries):
    return parameter("vocabulary", STRINGS, list(entries))


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """One node for all tests: what they ask changes nothing that another depends on."""
    log = tmp_path_factory.mktemp("services") / "node.log"
    settings = {"vocabulary": ["cup"], "diagnostics_rate": 10.0}
    with Graph() as graph, ChildProcess("stuck_node", log, parameters=settings) as process:
        process.wait_for_log("segmenting /image", 20)
        yield Node(graph, process)
        process.check_running()


@pytest.mark.parametrize("kind", [10, 77, 255])
@pytest.mark.parametrize("name", ["vocabulary", "no_such_parameter", "", "use_sim_time"])
def test_a_value_of_an_unknown_type_is_refused_among_good_ones(node, kind, name):
    bad = parameter(name, kind)
    first, refused, last = node.set(
        parameter("overlay_opacity", DOUBLE, 0.25), bad, parameter("max_rate", DOUBLE, 500.0)
    )
    assert first.successful and last.successful and not refused.successful
    expected = (
        f"'{name}' has a value of type {kind}" if name in ("vocabulary", "use_sim_time") else "no parameter"
    )
    assert refused.reason.startswith(expected)
    assert [value.double_value for value in node.get("overlay_opacity", "max_rate")] == [0.25, 500.0]
    result = node.set_atomically(parameter("overlay_opacity", DOUBLE, 0.75), bad)
    assert not result.successful and result.reason.startswith(expected)
    assert node.get("overlay_opacity")[0].double_value == 0.25
    node.check_alive()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (parameter("vocabulary", 0), "'vocabulary' has no value"),
        (parameter("overlay_opacity", 0), "'overlay_opacity' has no value"),
        (
            parameter("overlay_opacity", DOUBLE, float("nan")),
            "'overlay_opacity' must lie between 0 and 1, got nan",
        ),
        (parameter("overlay_opacity", STRING, "1"), "'overlay_opacity' must be a number, got '1'"),
        (parameter("overlay_opacity", STRING, LONG), "'overlay_opacity' must be a number, got 'xxx"),
        (parameter("variant", STRING, LONG), "'variant' has 10000000 characters, the maximum is 4096"),
        (parameter(LONG, STRING, "1"), "no parameter is named 'xxx"),
        (parameter("no_such", STRING, "1"), "no parameter is named 'no_such': `ros2 param list`"),
        (parameter("", STRING, "1"), "no parameter is named ''"),
        (parameter("use_sim_time", STRING, "yes"), "'use_sim_time' must be true or false"),
        (parameter("use_sim_time", 0), "'use_sim_time' has no value"),
        (parameter("start_type_description_service", BOOL, False), "read-only"),
        (parameter("qos_overrides./parameter_events.publisher.depth", 2, 1), "no parameter is named"),
        (
            parameter("vocabulary", 5, [b"a"] * 100_000),
            "'vocabulary' must be a list of strings, got [b'a', b'a'",
        ),
        (
            parameter("vocabulary", 8, [1.0] * 100_000),
            "'vocabulary' must be a list of strings, got [1.0, 1.0",
        ),
        (vocabulary(*["mug"] * 100_000), "'vocabulary' refused: 100000 classes are too many"),
        (vocabulary(LONG), "'vocabulary' refused: 'xxx"),
        (vocabulary("@" + LONG), "'vocabulary' refused: 'xxx"),
        (vocabulary("," * 10_000_000), "'vocabulary' refused: class '' has 10000001 names"),
        (
            vocabulary(",".join(f"a{i}" for i in range(3000))),
            "class 'a0' has 3000 names; use at most 64 per class",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else value.name[:20],
)
def test_a_bad_value_is_refused_with_a_short_reason_and_changes_nothing(node, bad, reason):
    types = node.call(DescribeParameters, "describe_parameters", names=["overlay_opacity", "vocabulary"])
    for result in (node.set(bad)[0], node.set_atomically(parameter("max_rate", DOUBLE, 1.0), bad)):
        assert not result.successful
        assert reason in result.reason and len(result.reason) < 2100
    assert node.get("max_rate")[0].double_value != 1.0
    assert (
        node.call(DescribeParameters, "describe_parameters", names=["overlay_opacity", "vocabulary"]) == types
    )
    node.check_alive()


def test_one_refused_value_leaves_the_clock_alone(node):
    good, bad = parameter("use_sim_time", BOOL, True), parameter("variant", STRING, "xxl")
    assert not node.set_atomically(good, bad).successful
    before = len(node.reports)
    node.graph.wait(lambda: len(node.reports) > before + 2)
    assert not node.get("use_sim_time")[0].bool_value
    assert node.graph.node.get_subscriptions_info_by_topic("/clock") == []


def test_a_name_that_is_there_twice_is_refused_atomically_and_set_twice_otherwise(node):
    twice = parameter("overlay_opacity", DOUBLE, 0.1), parameter("overlay_opacity", DOUBLE, 0.2)
    result = node.set_atomically(*twice)
    assert not result.successful and "twice" in result.reason
    assert [result.successful for result in node.set(*twice)] == [True, True]
    assert node.get("overlay_opacity")[0].double_value == 0.2


def test_a_request_without_parameters_and_one_with_thousands(node):
    assert node.set() == []
    assert node.set_atomically().successful
    many = [parameter("overlay_opacity", DOUBLE, 0.5)] * 5000
    results = node.set(*many)
    assert len(results) == 5000 and "5000 parameters, more than 256" in results[-1].reason
    assert not node.set_atomically(*many).successful
    node.check_alive()


REQUESTS = {
    "get_parameters": [
        (GetParameters, {"names": names}) for names in ([], [""], [LONG], ["vocabulary", "no"])
    ],
    "get_parameter_types": [(GetParameterTypes, {"names": names}) for names in ([], ["no"], [LONG])],
    "describe_parameters": [
        (DescribeParameters, {"names": names}) for names in ([], ["no"], ["", "vocabulary"])
    ],
    "list_parameters": [
        (ListParameters, {"prefixes": prefixes, "depth": depth})
        for prefixes, depth in (([], 0), ([""], 2**64 - 1), ([LONG], 5), (["qos_overrides"] * 1000, 2**63))
    ],
    "change_state": [(ChangeState, {})],
    "get_state": [(GetState, {})],
    "get_available_states": [(GetAvailableStates, {})],
    "get_available_transitions": [(GetAvailableTransitions, {})],
    "get_transition_graph": [(GetAvailableTransitions, {})],
    "get_type_description": [
        (GetTypeDescription, {"type_name": name, "type_hash": hash_, "include_type_sources": sources})
        for name in ("sensor_msgs/msg/Image", "no_such/msg/Type", "", LONG)
        for hash_ in ("RIHS01_" + "0" * 64, "no hash", "")
        for sources in (True, False)
    ],
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_service_answers_every_request(node, name):
    for kind, fields in REQUESTS[name]:
        assert isinstance(node.call(kind, name, **fields), kind.Response)
    node.check_alive()


@pytest.mark.parametrize(
    ("number", "label"), [(255, ""), (0, "no such"), (0, LONG), (1, "configure"), (99, "")], ids=range(5)
)
def test_a_transition_that_makes_no_sense_is_refused(node, number, label):
    client = node.client(ChangeState, "change_state")
    request = ChangeState.Request()
    request.transition.id, request.transition.label = number, label
    assert not node.graph.call(client, request).success
    node.check_alive()


def test_a_callback_a_timer_and_the_taking_of_a_request_may_fail(node):
    faults = node.graph.node.create_publisher(String, "/fault", 10)
    node.graph.wait_for_subscribers(faults)
    faults.publish(String(data="callback"))
    node.process.wait_for_log("unexpected error in the subscription /fault", 5)
    node.process.wait_for_log("RuntimeError: the subscription failed", 5)
    faults.publish(String(data="timer"))
    node.process.wait_for_log("ZeroDivisionError: the timer failed", 5)
    node.check_alive()
    time.sleep(1)
    assert node.process.log.count("ZeroDivisionError: the timer failed") == 1  # of 20 times
    faults.publish(String(data="take"))
    node.process.wait_for_log("fault take is set", 5)
    node.client(GetState, "get_state").call_async(GetState.Request())  # gets no answer: nobody could read it
    node.process.wait_for_log("unexpected error in the service", 5)
    assert node.call(GetState, "get_state").current_state.label == "active"
    node.check_alive()


@pytest.fixture
def files(tmp_path):
    """Makes a vocabulary file by its kind; returns its path."""

    def make(kind):
        path = tmp_path / ("hanging.json" if kind == "hanging" else "d.json")
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        elif kind == "memory":
            path.symlink_to("/proc/self/mem")
        elif kind == "folder":
            path.mkdir()
        elif kind == "deep":
            path.write_text("[" * 100_000)
        elif kind == "large":
            path.write_text(" " * 5_000_000)
        elif kind == "binary":
            path.write_bytes(bytes(range(256)) * 100)
        elif kind in ("good", "hanging"):
            path.write_text('{"classes": [{"names": ["spoon"]}]}')
        return path

    return make


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("deep", "nested too deeply"),
        ("pipe", "not a regular file"),
        ("device", "not a regular file"),
        ("memory", "Input/output error"),
        ("folder", "Is a directory"),
        ("large", "more than 4 MB"),
        ("binary", "not UTF-8"),
        ("none", "No such file"),
    ],
)
@pytest.mark.parametrize("mark", ["@", "set="])
def test_a_file_that_cannot_be_read_is_refused_by_its_name(node, files, kind, reason, mark):
    path = files(kind)
    for result in (
        node.set(vocabulary(f"{mark}{path}"))[0],
        node.set_atomically(vocabulary("mug", f"{mark}{path}")),
    ):
        assert not result.successful
        assert f"'vocabulary' refused: {path}: " in result.reason and reason in result.reason
    node.check_alive()


def test_a_file_is_read_anew_by_every_request(node, files):
    path = files("good")
    for name in ("spoon", "fork"):
        path.write_text(json.dumps({"classes": [{"names": [name]}]}))
        assert node.set(vocabulary(f"@{path}"))[0].successful
        node.graph.wait(lambda: node.next_frame() or node.reports[-1]["vocabulary state"] == "live")
        node.next_frame()
        assert node.segments[-1].segments[0].label == name
    path.unlink()
    assert not node.set(vocabulary(f"@{path}"))[0].successful
    assert node.set(vocabulary("cup"))[0].successful


def test_a_file_that_hangs_is_refused_after_two_seconds_and_delays_nothing(node, files):
    path = files("hanging")
    started = time.monotonic()
    pending = node.start_to_set(parameter("max_rate", DOUBLE, 400.0), vocabulary(f"@{path}"))
    reports = len(node.reports)
    while not pending.done():
        node.check_alive()
        assert node.call(GetState, "get_state").current_state.label == "active"
        assert node.set(parameter("overlay_opacity", DOUBLE, 0.5))[0].successful
    assert 1.5 < time.monotonic() - started < 4
    assert len(node.reports) - reports >= 10  # of 20, at 10 Hz
    first, refused = pending.result().results
    assert first.successful
    assert not refused.successful and f"{path}: not read within 2 s" in refused.reason
    assert node.set(vocabulary("cup"))[0].successful


def test_a_newer_vocabulary_wins_over_one_whose_file_hangs(node, files):
    pending = node.start_to_set(vocabulary(f"@{files('hanging')}"))
    time.sleep(0.2)
    assert node.set(vocabulary("newer"))[0].successful
    (refused,) = node.graph.wait(lambda: pending.done() and pending.result(), 5).results
    assert not refused.successful and "a newer request has set 'vocabulary'" in refused.reason
    assert node.get("vocabulary")[0].string_array_value == ["newer"]


def test_many_files_that_hang_are_refused_at_once(node, files):
    path = files("hanging")
    pending = [node.start_to_set(vocabulary(f"@{path}")) for _ in range(30)]
    node.graph.wait(lambda: all(future.done() for future in pending), 6, "all answers")
    reasons = [future.result().results[0].reason for future in pending]
    assert all(str(path) in reason for reason in reasons)
    assert sum("earlier requests still wait" in reason for reason in reasons) >= 20
    node.check_alive()


def test_a_node_is_not_started_with_a_file_that_hangs(start, files):
    path = files("hanging")
    node = start("stuck_node", parameters={"vocabulary": [f"@{path}"]})
    assert node.wait(15) == 1
    assert f"'vocabulary' refused: {path}: not read within 2 s" in node.log
    assert "Traceback" not in node.log


def test_a_node_ends_while_a_file_hangs(graph, start, files):
    process = start("stuck_node", parameters={"vocabulary": ["cup"]})
    process.wait_for_log("segmenting /image", 20)
    node = Node(graph, process)
    node.start_to_set(vocabulary(f"@{files('hanging')}"))
    time.sleep(0.3)
    process.interrupt()
    assert process.wait(4) == 0
    assert "Traceback" not in process.log


def test_an_image_that_is_too_large_for_the_network_is_skipped_with_the_reason(graph, start):
    process = start(
        "stuck_node", parameters={"vocabulary": ["cup"], "short_side": -1, "diagnostics_rate": 10.0}
    )
    process.wait_for_log("segmenting /image", 20)
    node = Node(graph, process)
    graph.wait_for_subscribers(node.publisher)
    large = graph.picture(squares(size=(2160, 3840)))
    graph.wait(
        lambda: node.publisher.publish(large) or time.sleep(0.2) or "skipped a bad image" in process.log
    )
    assert "image of 3840x2160 pixels has 3840x2176 = 8355840 in the network" in process.log
    assert "Traceback" not in process.log
    graph.wait(lambda: node.reports and "in the network" in node.reports[-1]["image error"])
    assert node.reports[-1]["failed frames"] == "0"
    node.next_frame()
