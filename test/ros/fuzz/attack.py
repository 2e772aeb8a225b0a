"""Fires hostile messages and requests at a running node, and checks between them that it is well."""

import collections
import itertools
import time

from graph import LATCHED, RELIABLE
from hostile import (
    hostile_bytes,
    hostile_compressed,
    hostile_image,
    hostile_parameter,
    hostile_service_request,
    hostile_transition,
)
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.parameter import Parameter as RclParameter
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import SetBool

from eovseg_ros.benchmarks.resident_memory import resident_kb
from eovseg_ros.msg import PanopticSegmentation, Status, Vocabulary
from eovseg_ros.node.parameters import NodeParameters, parameter_specs
from eovseg_ros.srv import SegmentImage, SetVocabulary

NODE = "/eovseg"
GOOD_VOCABULARY = ["cup", "ball", "floor|stuff"]
ANSWER = 1.0  # seconds within which the node has to answer
ALL_ANSWERS = 60.0  # seconds for all answers to the requests of a round
PAUSE = 0.004  # seconds after each image, so that the node reads most of them
ROUND = 100  # events
SHARES = {"image": 38, "bytes": 18, "set": 20, "call": 9, "service": 10, "transition": 5}
NAMES = ("vocabulary", "", "nothing", "x" * 10_000, "\x00", "a..b", "\U0001f9f8")
ACTIVATIONS = {
    State.PRIMARY_STATE_UNCONFIGURED: Transition.TRANSITION_CONFIGURE,
    State.PRIMARY_STATE_INACTIVE: Transition.TRANSITION_ACTIVATE,
}


class Attack:
    """One node under attack; `with_cleanup` allows transitions after which the model is loaded again."""

    def __init__(self, graph, node, chance, good_image, *, transport, files, with_cleanup):
        self.counts = collections.Counter()  # events by kind
        self.memory = []  # kB after each round
        self._graph, self._node, self._chance = graph, node, chance
        self._good_image = good_image
        self._files, self._with_cleanup = files, with_cleanup
        self._type, self._make = (
            (Image, hostile_image) if transport == "raw" else (CompressedImage, hostile_compressed)
        )
        topic = "/image" if transport == "raw" else "/image/compressed"
        self._images = graph.node.create_publisher(self._type, topic, RELIABLE)
        graph.wait_for_subscribers(self._images)
        self._answers = graph.collect(PanopticSegmentation, f"{NODE}/segments")
        self._vocabularies = graph.collect(Vocabulary, f"{NODE}/vocabulary", LATCHED)
        self._statuses = graph.collect(Status, f"{NODE}/status", LATCHED)
        self._clients = {
            kind: graph.node.create_client(kind, f"{NODE}/{name}", qos_profile=RELIABLE)
            for kind, name in {
                SetParameters: "set_parameters",
                SetParametersAtomically: "set_parameters_atomically",
                GetParameters: "get_parameters",
                GetParameterTypes: "get_parameter_types",
                DescribeParameters: "describe_parameters",
                ListParameters: "list_parameters",
                ChangeState: "change_state",
                GetState: "get_state",
                GetAvailableStates: "get_available_states",
                GetAvailableTransitions: "get_available_transitions",
                SegmentImage: "segment",
                SetVocabulary: "set_vocabulary",
                SetBool: "enable",
            }.items()
        }
        self.recover()
        self._expected = self._segments_of_good_image()
        assert self._expected

    def run(self, events):
        """Fire so many events, with a check after each round."""
        while self.counts.total() < events:
            self._fire_round()
            self.recover()
            self.check()

    def check(self):
        """The node runs, answers within a second and segments a good image as before."""
        self._node.check_running()
        for kind, request in ((GetParameters, GetParameters.Request(names=["vocabulary"])), (GetState, None)):
            seconds = min(self._seconds_to_answer(kind, request or kind.Request()) for _ in range(3))
            assert seconds < ANSWER, f"{kind.__name__} took {seconds:.1f} s"
        assert self._segments_of_good_image() == self._expected
        self.memory.append(resident_kb(self._node.pid))

    def recover(self):
        """Bring the node back to active with the parameters of the start, as an operator could."""
        deadline = time.monotonic() + 90
        while (
            state := self._call(GetState, GetState.Request()).current_state.id
        ) != State.PRIMARY_STATE_ACTIVE:
            assert time.monotonic() < deadline, f"state {state}"
            if state == State.PRIMARY_STATE_UNCONFIGURED:
                self._set_good(live_only=False)
            if state in ACTIVATIONS:
                request = ChangeState.Request(transition=Transition(id=ACTIVATIONS[state]))
                self._call(ChangeState, request)
            else:
                time.sleep(0.05)  # on its way
        self._set_good(live_only=True)
        self._graph.wait(
            lambda: self._vocabularies and list(self._vocabularies[-1].entries) == GOOD_VOCABULARY,
            30,
            "the good vocabulary",
        )

    def bad_images(self):
        """How many images the node could not read; its counter starts anew with each activation."""
        counts = [sum(camera.bad_images for camera in status.cameras) for status in self._statuses]
        pairs = itertools.pairwise(counts)
        return sum(after if after < before else after - before for before, after in pairs)

    def _alive(self):
        self._node.check_running()
        return True

    def _state(self):
        return self._call(GetState, GetState.Request()).current_state.id

    def _fire_round(self):
        futures = []
        for _ in range(ROUND):
            (kind,) = self._chance.choices(list(SHARES), list(SHARES.values()))
            self.counts[kind] += 1
            if kind in ("image", "bytes"):
                message = self._make(self._chance)
                self._images.publish(message if kind == "image" else hostile_bytes(self._chance, message))
                time.sleep(PAUSE)
            else:
                request = getattr(self, f"_hostile_{kind}")()
                futures.append((kind, request, self._clients[type_of(request)].call_async(request)))
        for kind, request, future in futures:
            what = f"an answer to {kind} {str(request)[:500]}"
            self._graph.wait(lambda future=future: self._alive() and future.done(), ALL_ANSWERS, what)
            if kind == "service":
                answer = future.result()
                assert answer.success or answer.message, what

    def _hostile_set(self):
        count = self._chance.choice((0, 1, 1, 1, 2, 3))
        parameters = [hostile_parameter(self._chance, self._files) for _ in range(count)]
        kind = self._chance.choice((SetParameters, SetParametersAtomically))
        return kind.Request(parameters=parameters)

    def _hostile_service(self):
        return hostile_service_request(self._chance, self._files)

    def _hostile_call(self):
        names = self._chance.choices(NAMES, k=4)
        depth = self._chance.choice((0, 1, 2**64 - 1))
        return self._chance.choice(
            (
                GetParameters.Request(names=names),
                GetParameterTypes.Request(names=names),
                DescribeParameters.Request(names=names),
                ListParameters.Request(prefixes=names, depth=depth),
                GetState.Request(),
                GetAvailableStates.Request(),
                GetAvailableTransitions.Request(),
            )
        )

    def _hostile_transition(self):
        request = hostile_transition(self._chance)
        cleanup = Transition.TRANSITION_CLEANUP
        if not self._with_cleanup and (request.transition.id == cleanup or request.transition.label):
            request.transition.id, request.transition.label = 99, ""
        return request

    def _set_good(self, *, live_only):
        values = {
            name: getattr(NodeParameters, name) for name, spec in parameter_specs().items() if spec.live
        }
        if not live_only:
            values |= {
                "parallel_frames": 1,
                "threads": 1,
                "short_side": 0,
                "checkpoint": "",
                "device": "auto",
                "cameras": [],
                "use_depth": False,
                "target_frame": "",
            }
        # Often: a status tells of all bad images but those between it and the next restart.
        values |= {"vocabulary": GOOD_VOCABULARY, "use_sim_time": False, "diagnostics_rate": 10.0}
        parameters = [
            RclParameter(
                name, RclParameter.Type.STRING_ARRAY if value == [] else None, value
            ).to_parameter_msg()
            for name, value in values.items()
        ]
        answer = self._call(SetParametersAtomically, SetParametersAtomically.Request(parameters=parameters))
        assert answer.result.successful, answer.result.reason

    def _segments_of_good_image(self):
        """Id, label and area of each segment; an image may be replaced by a hostile one before it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            image = self._good_image()
            self._images.publish(image)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                for answer in self._answers:
                    if answer.header == image.header:
                        assert list(self._vocabularies[-1].entries) == GOOD_VOCABULARY
                        assert answer.vocabulary_version == self._vocabularies[-1].version
                        self._answers.clear()
                        return [(s.id, s.label, s.pixel_area) for s in answer.segments]
                time.sleep(0.01)
        raise AssertionError("no answer to a good image")

    def _seconds_to_answer(self, kind, request):
        start = time.monotonic()
        self._call(kind, request)
        return time.monotonic() - start

    def _call(self, kind, request):
        self._node.check_running()
        return self._graph.call(self._clients[kind], request)


def type_of(request):
    """The service of a request."""
    services = (SetParameters, SetParametersAtomically, GetParameters, GetParameterTypes, DescribeParameters)
    services += (ListParameters, ChangeState, GetState, GetAvailableStates, GetAvailableTransitions)
    services += (SegmentImage, SetVocabulary, SetBool)
    return next(service for service in services if isinstance(request, service.Request))
