"""Requests to set parameters, at a node that only keeps what is set: each one is answered."""

import concurrent.futures

import pytest
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue, SetParametersResult
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically

from eovseg_ros.node.requests.parameter_requests import ParameterRequests, refused

OK = SetParametersResult(successful=True)
NAMES = ("rate", "size", "word", "use_sim_time")


class Service:
    def __init__(self, kind):
        self.srv_type, self.callback, self.callback_group = kind, None, None


class Node:
    """Refuses 13, as rclpy would a value outside of its range."""

    def __init__(self):
        self.services = [Service(kind) for kind in (SetParameters, SetParametersAtomically, GetParameters)]
        self.context, self.executor, self.running = self, self, True
        self.values, self.woken = {}, 0

    def ok(self):
        return self.running

    def wake(self):
        self.woken += 1

    def has_parameter(self, name):
        return name in NAMES

    def set_parameters_atomically(self, parameters):
        if any(parameter.value == 13 for parameter in parameters):
            return SetParametersResult(successful=False, reason="13 is out of range")
        self.values |= {parameter.name: parameter.value for parameter in parameters}
        return OK


class Faults:
    def __init__(self):
        self.reported = []

    def report(self, place, error):
        self.reported.append((place, repr(error)))


class Requests:
    """A node with both services, and what `prepare` and `validate` answer."""

    def __init__(self):
        self.node, self.faults = Node(), Faults()
        self.preparation, self.verdict = None, lambda parameters: OK
        self.prepared = []
        ParameterRequests(self.node, prepare=self._prepare, validate=self._validate, faults=self.faults)

    def _prepare(self, parameters):
        self.prepared.append([parameter.name for parameter in parameters])
        return self.preparation

    def _validate(self, parameters):
        return self.verdict(parameters)

    def start(self, kind, *messages):
        (service,) = (service for service in self.node.services if service.srv_type is kind)
        return service.callback(kind.Request(parameters=messages), kind.Response())

    def set(self, *messages):
        return outcomes(finish(self.start(SetParameters, *messages)).results)

    def set_atomically(self, *messages):
        return outcomes([finish(self.start(SetParametersAtomically, *messages)).result])[0]


def finish(answer):
    with pytest.raises(StopIteration) as stop:
        answer.send(None)
    return stop.value.value


def outcomes(results):
    """True, or the reason of a refusal."""
    assert all(result.successful == (not result.reason) for result in results)
    return [result.reason or True for result in results]


def number(name, value):
    value = ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
    return Parameter(name=name, value=value)


def of_type(name, kind):
    return Parameter(name=name, value=ParameterValue(type=kind))


@pytest.fixture
def requests():
    return Requests()


def test_both_services_may_run_while_another_request_waits_and_others_are_left_alone(requests):
    first, second, other = requests.node.services
    assert first.callback_group is second.callback_group is not None
    assert first.callback_group.has_entity(first) and first.callback_group.has_entity(second)
    assert (other.callback, other.callback_group) == (None, None)


def test_parameters_are_set_each_for_itself_or_all_together(requests):
    assert requests.set(number("rate", 1), number("size", 13), number("word", 3)) == [
        True,
        "13 is out of range",
        True,
    ]
    assert requests.node.values == {"rate": 1, "word": 3}
    assert requests.set_atomically(number("rate", 5), number("size", 13)) == "13 is out of range"
    assert requests.node.values == {"rate": 1, "word": 3}
    assert requests.set_atomically(number("rate", 5), number("size", 6)) is True
    assert requests.node.values == {"rate": 5, "size": 6, "word": 3}
    assert requests.prepared == [["rate"], ["size"], ["word"], ["rate", "size"], ["rate", "size"]]
    assert requests.set() == [] and requests.set_atomically() is True


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (number("x" * 100, 1), f"no parameter is named '{'x' * 80}': `ros2 param list` lists all parameters"),
        (
            of_type("rate", 77),
            "'rate' has a value of type 77, which rcl_interfaces/msg/ParameterType does not have",
        ),
        (of_type("rate", 0), "'rate' has no value: parameters of this node cannot be deleted"),
        (number("use_sim_time", 1), "'use_sim_time' must be true or false"),
    ],
)
def test_what_rclpy_cannot_handle_is_refused_before_it_is_looked_at(requests, message, reason):
    assert requests.set(message, number("size", 2)) == [reason, True]
    assert requests.set_atomically(number("rate", 2), message) == reason
    assert requests.node.values == {"size": 2} and requests.prepared == [["size"]]


def test_simulated_time_may_be_set(requests):
    value = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=True)
    assert requests.set(Parameter(name="use_sim_time", value=value)) == [True]
    assert requests.node.values == {"use_sim_time": True}


def test_a_name_may_be_there_once_if_all_are_set_together(requests):
    twice = number("rate", 1), number("rate", 2)
    reason = "a parameter is in the request twice: set each one once"
    assert requests.set_atomically(*twice) == reason
    assert requests.set(*twice) == [True, True] and requests.node.values == {"rate": 2}


def test_a_request_has_at_most_256_parameters(requests):
    full = [number("rate", 1000 + i) for i in range(256)]
    assert requests.set(*full) == [True] * 256
    reason = "the request has 257 parameters, more than 256: send several requests"
    assert requests.set(*full, number("rate", 1256)) == [reason] * 257
    assert requests.set_atomically(*full, number("rate", 1256)) == reason
    assert requests.node.values == {"rate": 1255}


def test_what_is_not_valid_is_not_set(requests):
    requests.verdict = lambda parameters: refused(f"{parameters[0].value} is odd")
    assert requests.set(number("rate", 7)) == ["7 is odd"] and requests.node.values == {}


def test_an_answer_waits_for_its_files_while_others_are_answered(requests):
    requests.preparation = concurrent.futures.Future()
    slow = requests.start(SetParameters, number("rate", 1))
    slow.send(None)
    requests.preparation, files = None, requests.preparation
    assert requests.set(number("size", 2)) == [True]
    assert requests.node.values == {"size": 2} and requests.node.woken == 0
    files.set_exception(OSError("disk"))  # the check reads them again
    assert requests.node.woken == 1
    assert outcomes(finish(slow).results) == [True]
    assert requests.node.values == {"rate": 1, "size": 2}


def test_a_newer_value_wins_over_one_whose_files_take_longer(requests):
    requests.preparation = concurrent.futures.Future()
    slow = requests.start(SetParametersAtomically, number("rate", 1), number("size", 1))
    slow.send(None)
    requests.preparation, files = None, requests.preparation
    assert requests.set(number("size", 2)) == [True]
    files.set_result(None)
    reason = "a newer request has set 'size' in the meantime"
    assert outcomes([finish(slow).result]) == [reason]
    assert requests.node.values == {"size": 2}
    assert requests.set(number("size", 3)) == [True]


def test_files_that_are_read_already_are_not_waited_for(requests):
    requests.preparation = concurrent.futures.Future()
    requests.preparation.set_result(None)
    assert requests.set(number("rate", 1)) == [True] and requests.node.woken == 0


def test_an_error_is_reported_and_refused(requests):
    requests.verdict = lambda parameters: {}["rate"]
    assert requests.set(number("rate", 1)) == ["KeyError: 'rate'"]
    assert requests.faults.reported == [("a request to set parameters", "KeyError('rate')")]


def test_an_error_of_the_end_of_ros_ends_the_request(requests):
    requests.verdict = lambda parameters: {}["rate"]
    requests.node.running = False
    with pytest.raises(KeyError):
        requests.set(number("rate", 1))
    assert requests.faults.reported == []


def test_a_reason_is_short_and_valid_text():
    assert refused("x" * 2000) == SetParametersResult(successful=False, reason="x" * 2000)
    assert refused("x" * 2001).reason == "x" * 2000 + "..."
    assert refused("\ud800mug").reason == "?mug"
