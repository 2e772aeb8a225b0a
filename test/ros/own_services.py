"""Calls of the node's own services."""

import time

from graph import RELIABLE, squares
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import GetParameters
from std_srvs.srv import SetBool

from eovseg_ros.srv import SegmentImage, SetVocabulary

CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE, ACTIVE_SHUTDOWN = 1, 2, 3, 4, 7
YELLOW, MAGENTA = (255, 255, 0), (255, 0, 255)


class SegmentService:
    """~/segment of a running node."""

    def __init__(self, graph, process):
        self.graph = graph
        self.process = process
        self.client = graph.node.create_client(SegmentImage, "/eovseg/segment", qos_profile=RELIABLE)
        assert self.client.wait_for_service(10)

    def start(self, image, *entries):
        return self.client.call_async(SegmentImage.Request(image=image, vocabulary=entries))

    def __call__(self, image, *entries, seconds=15.0):
        return answer_of(self.graph, self.start(image, *entries), seconds)

    def refusal(self, image, *entries, seconds=15.0):
        """The message of an answer without success and without anything else."""
        answer = self(image, *entries, seconds=seconds)
        assert answer == SegmentImage.Response(message=answer.message)
        return answer.message

    def check_alive(self):
        assert self(self.graph.picture(squares((3, 0)))).success
        self.process.check_running()


class VocabularyService:
    """~/set_vocabulary of a running node."""

    def __init__(self, graph):
        self.graph = graph
        self.client = graph.node.create_client(SetVocabulary, "/eovseg/set_vocabulary", qos_profile=RELIABLE)
        self._parameters = graph.node.create_client(GetParameters, "/eovseg/get_parameters")
        assert self.client.wait_for_service(10)

    def start(self, *entries):
        return self.client.call_async(SetVocabulary.Request(entries=entries))

    def __call__(self, *entries, seconds=15.0):
        """Success, version and message."""
        return self.answer_of(self.start(*entries), seconds)

    def answer_of(self, future, seconds=15.0):
        answer = answer_of(self.graph, future, seconds)
        return answer.success, answer.version, answer.message

    def parameter(self):
        request = GetParameters.Request(names=["vocabulary"])
        return list(self.graph.call(self._parameters, request).values[0].string_array_value)


class EnableService:
    """~/enable of a running node."""

    def __init__(self, graph):
        self.graph = graph
        self.client = graph.node.create_client(SetBool, "/eovseg/enable")
        assert self.client.wait_for_service(10)

    def start(self, wanted):
        return self.client.call_async(SetBool.Request(data=wanted))

    def __call__(self, wanted):
        """Success and message."""
        answer = answer_of(self.graph, self.start(wanted))
        return answer.success, answer.message


def answer_of(graph, future, seconds=15.0):
    return graph.wait(lambda: future.done() and future.result(), seconds, "an answer")


def slow_picture(graph):
    """Takes 3 s."""
    return beginning_in(graph, YELLOW)


def beginning_in(graph, colour):
    rgb = squares((3, 0))
    rgb[0, 0] = colour
    return graph.picture(rgb)


def change(graph, number):
    client = graph.node.create_client(ChangeState, "/eovseg/change_state")
    request = ChangeState.Request()
    request.transition.id = number
    return graph.call(client, request).success


def publish_until(graph, publisher, condition):
    """Publish pictures at 20 Hz."""
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        publisher.publish(graph.picture(squares((3, 0))))
        time.sleep(0.05)
