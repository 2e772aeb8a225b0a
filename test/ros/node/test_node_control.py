"""Starting, stopping and the camera's manners."""

import subprocess
import sys
import time

import pytest
from graph import BEST_EFFORT, LATCHED, RELIABLE, image_publisher, squares
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CompressedImage

from eovseg_ros.msg import PanopticSegmentation, Status, Vocabulary

CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE = 1, 2, 3, 4
UNCONFIGURED_SHUTDOWN, ACTIVE_SHUTDOWN = 5, 7


def publish_for(graph, publisher, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        publisher.publish(graph.picture(squares((1, 0))))
        time.sleep(0.03)


def publish_until(graph, publishers, condition, what):
    def tried():
        for publisher in publishers:
            publisher.publish(graph.picture(squares((1, 0))))
        time.sleep(0.03)
        return condition()

    graph.wait(tried, what=what)


def test_the_lifecycle(graph, start):
    node = start("fake_node", parameters={"autostart": False, "vocabulary": ["cup"]})
    change = graph.node.create_client(ChangeState, "/eovseg/change_state")
    state = graph.node.create_client(GetState, "/eovseg/get_state")
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    publisher = image_publisher(graph)

    def transition(number, expected):
        request = ChangeState.Request()
        request.transition.id = number
        assert graph.call(change, request).success
        assert graph.call(state, GetState.Request()).current_state.label == expected

    assert graph.call(state, GetState.Request()).current_state.label == "unconfigured"
    assert graph.set("/eovseg", device="cpu")[0].successful  # nothing is fixed yet
    transition(CONFIGURE, "inactive")
    graph.wait(lambda: [v.version for v in vocabularies] == [1])
    assert not graph.set("/eovseg", device="cuda")[0].successful
    assert graph.set("/eovseg", vocabulary=["mug"])[0].successful
    publish_for(graph, publisher, 0.5)
    assert segments == []
    transition(ACTIVATE, "active")
    publish_until(graph, [publisher], lambda: segments, "segments after the activation")
    graph.wait(lambda: [v.labels for v in vocabularies] == [["cup"], ["mug"]])
    transition(DEACTIVATE, "inactive")
    time.sleep(0.2)
    before = len(segments)
    publish_for(graph, publisher, 0.5)
    assert len(segments) == before
    transition(CLEANUP, "unconfigured")
    transition(CONFIGURE, "inactive")
    graph.wait(lambda: vocabularies[-1].version == 3)  # versions never come twice
    transition(ACTIVATE, "active")
    publish_until(graph, [publisher], lambda: len(segments) > before, "segments after the second activation")
    node.interrupt()
    assert node.wait(5) == 0


@pytest.mark.parametrize("wanted", [{"id": CONFIGURE}, {"id": 77}, {"label": "configure"}])
def test_a_transition_that_the_state_does_not_have_is_refused_and_frames_go_on(graph, start_fake, wanted):
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    node = start_fake()
    publisher = image_publisher(graph)
    publish_until(graph, [publisher], lambda: segments, "segments before the request")
    change = graph.node.create_client(ChangeState, "/eovseg/change_state")
    request = ChangeState.Request()
    for name, value in wanted.items():
        setattr(request.transition, name, value)
    assert not graph.call(change, request).success
    before = len(segments)
    publish_until(graph, [publisher], lambda: len(segments) > before, "segments after the refusal")
    if "id" in wanted:
        assert f"refused transition {wanted['id']}: state 'active' has only" in node.log
        assert "4 (deactivate)" in node.log


def test_a_model_that_does_not_load_ends_the_node_with_a_clear_line(start):
    node = start("eovseg_ros.node.main", parameters={"checkpoint": "/no/such/weights.safetensors"})
    assert node.wait(60) == 1
    assert "cannot configure: " in node.log and "/no/such/weights.safetensors" in node.log
    assert "Traceback" not in node.log


@pytest.mark.parametrize("device", ["cuda:99", "toaster"])
def test_a_device_that_is_not_there_ends_the_node_with_a_clear_line(start, device):
    node = start("eovseg_ros.node.main", parameters={"device": device})
    assert node.wait(60) == 1
    assert f"cannot configure: device '{device}' cannot be used: " in node.log
    assert "Traceback" not in node.log


def test_a_checkpoint_may_lie_in_the_home_folder(start, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    node = start("eovseg_ros.node.main", parameters={"checkpoint": "~/no/weights.safetensors"})
    assert node.wait(60) == 1
    assert f"{tmp_path}/no/weights.safetensors" in node.log


def test_a_wrong_parameter_ends_the_node_with_a_clear_line(start):
    node = start("fake_node", parameters={"vocabulary": "mug"})
    assert node.wait(20) == 1
    assert "'vocabulary' must be a list of strings, got the string 'mug'" in node.log
    assert "Traceback" not in node.log


def test_a_start_value_with_a_misspelt_name_is_told(start_fake):
    node = start_fake(object_treshold=0.5, unrelated=1)
    assert "no parameter is named 'object_treshold': did you mean 'object_threshold'?" in node.log
    assert "no parameter is named 'unrelated': see --help for the list" in node.log
    assert node.log.count("no parameter is named") == 2


def test_ctrl_c_in_the_middle_of_an_inference_ends_it_cleanly(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "1.5")
    node = start_fake()
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    publish_for(graph, publisher, 1.0)
    node.interrupt()
    assert node.wait(4) == 0
    assert "Traceback" not in node.log and "ERROR" not in node.log


def test_ctrl_c_while_the_model_is_loaded_ends_it_cleanly(start):
    node = start("eovseg_ros.node.main")
    node.wait_for_log("loading variant", 20)
    time.sleep(0.5)
    node.interrupt()
    assert node.wait(20) == 0
    assert "Traceback" not in node.log


def test_ctrl_c_while_nothing_happens(start_fake):
    node = start_fake()
    node.interrupt()
    assert node.wait(3) == 0
    assert "Traceback" not in node.log


def test_the_subscription_follows_what_the_publishers_offer(graph, start_fake):
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    start_fake()

    def reliability():
        subscriptions = graph.node.get_subscriptions_info_by_topic("/image")
        return [s.qos_profile.reliability for s in subscriptions]

    def wait_for(policy, what):
        graph.wait(lambda: reliability() == [policy], what=what)

    reliable = image_publisher(graph, qos=RELIABLE)
    wait_for(ReliabilityPolicy.RELIABLE, "a reliable subscription to a reliable publisher")
    publish_until(graph, [reliable], lambda: segments, "images by the reliable publisher")
    best_effort = image_publisher(graph, qos=BEST_EFFORT)
    wait_for(ReliabilityPolicy.BEST_EFFORT, "a best-effort subscription to one of each")
    graph.node.destroy_publisher(reliable)
    before = len(segments)
    publish_until(graph, [best_effort], lambda: len(segments) > before, "images by the best-effort publisher")


def test_silence_is_explained_once(graph, start_fake):
    reports = graph.collect_diagnostics()
    node = start_fake(diagnostics_rate=10.0)
    graph.node.create_publisher(CompressedImage, "/image", BEST_EFFORT)
    node.wait_for_log("no image for 5 s on /image", 10)
    warning = next(line for line in node.log.splitlines() if "no image for 5 s" in line)
    reason = (
        "/checker publishes sensor_msgs/msg/CompressedImage, not sensor_msgs/msg/Image; "
        "set image_transport:=compressed"
    )
    assert warning.endswith(f"no image for 5 s on /image: {reason}")
    graph.wait(lambda: reports and reports[-1]["message"] == f"no images on /image: {reason}")
    time.sleep(1.2)
    assert node.log.count("no image for") == 1


@pytest.mark.parametrize(
    ("transport", "name", "how"),
    [
        ("raw", "image", "to its topic"),
        ("compressed", "image/compressed", "to its topic, without /compressed"),
    ],
    ids=["raw", "compressed"],
)
def test_silence_without_a_publisher_names_what_to_remap(start_fake, transport, name, how):
    node = start_fake(image_transport=transport)
    node.wait_for_log(f"no image for 5 s on /{name}: it has no publisher", 10)
    node.wait_for_log(f"remap 'image' {how}\n", 1)


@pytest.mark.parametrize("use_sim_time", [False, True])
def test_diagnostics(graph, start_fake, use_sim_time):
    """With use_sim_time and no /clock too, where ROS time stands still."""
    reports = graph.collect_diagnostics()
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    start_fake(diagnostics_rate=5.0, use_sim_time=use_sim_time)
    publisher = image_publisher(graph)
    publish_until(graph, [publisher], lambda: len(segments) > 20, "20 frames")
    report = graph.wait(lambda: reports and reports[-1]["latency, median (ms)"] != "nan" and reports[-1])
    assert report["name"] == "/eovseg: segmentation"
    assert report["level"] == b"\x00"
    assert report["state"] == "active"
    assert report["vocabulary version"] == "1" and report["vocabulary state"] == "live"
    assert report["backend"] == "fake fp32 on cpu"
    assert 0 < float(report["rate out (Hz)"]) <= float(report["rate in (Hz)"]) + 1
    assert float(report["latency, median (ms)"]) >= float(report["ROS path, median (ms)"]) > 0


def change(graph, number, name="/eovseg"):
    """Whether a transition was made."""
    client = graph.node.create_client(ChangeState, f"{name}/change_state")
    request = ChangeState.Request()
    request.transition.id = number
    return graph.call(client, request).success


def state_of(graph):
    """The lifecycle state and the seconds that the answer took."""
    client = graph.node.create_client(GetState, "/eovseg/get_state")
    assert client.wait_for_service(10.0)
    asked = time.monotonic()
    answer = graph.call(client, GetState.Request())
    return answer.current_state.label, time.monotonic() - asked


def test_everything_answers_while_the_model_is_loaded(graph, start, monkeypatch):
    monkeypatch.setenv("FAKE_LOAD_SECONDS", "5")
    reports = graph.collect_diagnostics()
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    node = start("fake_node", parameters={"vocabulary": ["cup"]})
    node.wait_for_log("loading variant", 20)
    loading = time.monotonic()
    for _ in range(3):
        state, seconds = state_of(graph)
        assert state == "configuring" and seconds < 0.5
    assert not change(graph, ACTIVATE) and not change(graph, UNCONFIGURED_SHUTDOWN)
    assert "refused transition 3: state 'configuring' is in progress for" in node.log
    assert not graph.set("/eovseg", device="cuda")[0].successful  # it is being loaded for the other one
    assert graph.set("/eovseg", vocabulary=["mug"])[0].successful
    assert time.monotonic() - loading < 4, "too slow to show anything"
    graph.wait(lambda: [r["message"] for r in reports].count("configuring") >= 3)
    assert [r["level"] for r in reports] == [b"\x00"] * len(reports)
    node.wait_for_log("segmenting /image", 10)
    assert state_of(graph)[0] == "active"
    graph.wait(lambda: vocabularies and vocabularies[-1].labels == ["mug"])


def test_everything_answers_while_a_frame_in_hand_is_waited_for(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "0.8")
    statuses = graph.collect(Status, "/eovseg/status")
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    client = graph.node.create_client(ChangeState, "/eovseg/change_state")
    assert client.wait_for_service(10.0)

    def received():  # the first images may be lost while the two sides find each other
        publisher.publish(graph.picture(squares((1, 0))))
        return statuses and statuses[-1].cameras[0].received

    graph.wait(received, what="an image in hand")
    request = ChangeState.Request()
    request.transition.id = DEACTIVATE
    future = client.call_async(request)
    state, seconds = state_of(graph)
    assert (state, seconds < 0.5) == ("deactivating", True)
    assert graph.wait(lambda: future.done() and future.result()).success
    assert state_of(graph)[0] == "inactive"
    assert "Traceback" not in node.log


def test_a_node_that_is_shut_down_says_so(graph, start_fake):
    reports = graph.collect_diagnostics()
    node = start_fake(diagnostics_rate=10.0)
    assert change(graph, ACTIVE_SHUTDOWN)
    graph.wait(lambda: reports and reports[-1]["message"] == "finalized")
    assert reports[-1]["state"] == "finalized"
    assert state_of(graph)[0] == "finalized"
    assert not change(graph, CONFIGURE)
    assert "refused transition 1: state 'finalized' has only none" in node.log
    node.interrupt()
    assert node.wait(5) == 0


def test_a_second_node_of_the_same_name_is_told(start, start_fake):
    first = start_fake()
    second = start("fake_node", parameters={"vocabulary": ["cup"]})
    for node in (first, second):
        node.wait_for_log("2 nodes are named /eovseg: ", 15)
        assert node.log.count("nodes are named") == 1
    other = start("fake_node", remappings={"__node": "other"}, parameters={"vocabulary": ["cup"]})
    other.wait_for_log("segmenting", 20)
    time.sleep(3)
    assert "nodes are named" not in other.log


def test_an_interrupt_inside_exec_leaves_the_exit_status_alone():
    code = (
        "from eovseg_ros.processes.spinning import until_shutdown\n"
        "with until_shutdown():\n"
        "    exec('raise KeyboardInterrupt')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
