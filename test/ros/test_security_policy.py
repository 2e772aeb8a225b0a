"""config/eovseg_policy.xml allows exactly what the running node has, in the schema of sros2's policies."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lifecycle_msgs.srv import ChangeState
from stand_in_node import StandInNode

from eovseg_ros.messages import detection_types, label_info_type
from eovseg_ros.node.outputs import frame_publisher, space_publisher, vocabulary_publisher

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "config/eovseg_policy.xml"
TOOL = ROOT / "tools/sros2_policy.py"
CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE = 1, 2, 3, 4
KINDS = {"subscribe": "subscriber", "publish": "publisher", "reply": "service", "request": "client"}
IMAGE, DEPTH, INFO = "/camera/image_raw", "/camera/depth", "/camera/camera_info"
INPUTS = {"image": IMAGE, "depth": DEPTH, "camera_info": INFO}
TF = {"/tf", "/tf_static"}
WRONG = "config/eovseg_policy.xml does not fit the node: run `. build/env.sh && python tools/sros2_policy.py`"
NAME = r"[A-Za-z_][A-Za-z0-9_]*"


def faults_of(policy):
    """What breaks the rules of sros2's policy.xsd (version 0.2.0), as far as this package uses them."""
    faults = []

    def children(element, tag):
        faults.extend(f"<{c.tag}> in <{element.tag}>" for c in element if c.tag != tag)
        if not len(element):
            faults.append(f"<{element.tag}> is empty")
        return [child for child in element if child.tag == tag]

    def attributes(element, names):
        if set(element.attrib) != names:
            faults.append(f"<{element.tag}> has the attributes {sorted(element.attrib)}")

    if policy.tag != "policy" or policy.attrib != {"version": "0.2.0"}:
        faults.append('the root is not <policy version="0.2.0">')
    if [child.tag for child in policy] != ["enclaves"]:
        return [*faults, "<policy> has not one <enclaves>"]
    for enclave in children(policy[0], "enclave"):
        attributes(enclave, {"path"})
        for profiles in children(enclave, "profiles"):
            for profile in children(profiles, "profile"):
                attributes(profile, {"ns", "node"})
                for group in profile:
                    faults.extend(_faults_of_group(group))
    return faults


def _faults_of_group(group):
    rules = {"topics": ("publish", "subscribe"), "services": ("reply", "request")}.get(group.tag)
    if rules is None:
        return [f"<{group.tag}> in <profile>"]
    faults = [
        f'{name}="{value}" in <{group.tag}>'
        for name, value in group.attrib.items()
        if name not in rules or value not in ("ALLOW", "DENY")
    ]
    faults += [f"<{child.tag}> in <{group.tag}>" for child in group if child.tag != group.tag[:-1]]
    faults += [
        f"{child.text!r} is no name"
        for child in group
        if not re.fullmatch(rf"~?/?{NAME}(/{NAME})*", child.text)
    ]
    return faults if len(group) and group.attrib else [*faults, f"<{group.tag}> is empty"]


def allowed_by(path):
    """Rule -> full names, `~` and relative names expanded as sros2 does."""
    (profile,) = ElementTree.parse(path).iter("profile")
    start = profile.get("ns").rstrip("/") + "/"
    allowed = {rule: set() for rule in KINDS}
    for group in profile:
        for rule in group.attrib:
            for child in group:
                name = child.text.replace("~", start + profile.get("node"), 1)
                allowed[rule].add(name if name.startswith("/") else start + name)
    return allowed


def live(graph, name="eovseg", namespace="/"):
    """Rule -> full names of what the node has now, as far as this graph has discovered it."""
    assert graph.node.get_node_names_and_namespaces().count((name, namespace)) <= 1
    if (name, namespace) not in graph.node.get_node_names_and_namespaces():
        return {rule: set() for rule in KINDS}
    ask = {rule: getattr(graph.node, f"get_{kind}_names_and_types_by_node") for rule, kind in KINDS.items()}
    return {rule: {full for full, _ in get(name, namespace)} for rule, get in ask.items()}


def difference(found, allowed):
    """What of the node the policy lacks, and what the node lacks of the policy; empty where they agree."""
    lines = [f"{rule} {name}: not in the policy" for rule in KINDS for name in found[rule] - allowed[rule]]
    lines += [f"{rule} {name}: not in the node" for rule in KINDS for name in allowed[rule] - found[rule]]
    return sorted(lines)


@pytest.mark.parametrize("transport", ["raw", "compressed"])
@pytest.mark.parametrize("sim_time, depth", [(True, True), (False, False)])
def test_the_policy_allows_what_the_node_has_in_each_state_and_nothing_else(
    graph, start, transport, sim_time, depth
):
    parameters = {"image_transport": transport, "use_sim_time": sim_time, "use_depth": depth}
    parameters |= {"vocabulary": ["cup"], "autostart": False}
    start("fake_node", parameters=parameters, remappings=INPUTS)
    change = graph.node.create_client(ChangeState, "/eovseg/change_state")
    policy = allowed_by(POLICY)
    active = {rule: set(names) for rule, names in policy.items()}
    active["subscribe"] -= {IMAGE + "/compressed" if transport == "raw" else IMAGE}
    if not sim_time:
        active["subscribe"] -= {"/clock"}
    active["subscribe"] -= TF
    if not depth:
        active["subscribe"] -= {DEPTH, INFO}
        active["publish"] -= {f"/eovseg/{name}" for name in ("points", "markers", "detections_3d")}
    if label_info_type() is None:
        active["publish"] -= {"/eovseg/label_info"}
    if detection_types() is None:
        active["publish"] -= {"/eovseg/detections", "/eovseg/detections_3d"}
    for transition in (CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP, CONFIGURE, ACTIVATE):
        request = ChangeState.Request()
        request.transition.id = transition
        assert graph.call(change, request).success
        if transition == ACTIVATE:
            _wait_for_agreement(graph, active)
        assert [line for line in difference(live(graph), policy) if "not in the policy" in line] == [], WRONG


def _wait_for_agreement(graph, expected):
    """Discovery takes its time; what still differs after 10 s does."""
    try:
        graph.wait(lambda: difference(live(graph), expected) == [], 10.0)
    except AssertionError:
        pytest.fail(f"{WRONG}\n" + "\n".join(difference(live(graph), expected)))


def test_the_topics_that_vision_msgs_adds_are_in_the_policy_too(monkeypatch):
    monkeypatch.setattr(vocabulary_publisher, "label_info_type", lambda: object)
    monkeypatch.setattr(space_publisher, "detection_types", lambda: (object, object))
    node = StandInNode()
    vocabulary_publisher.VocabularyPublisher(node)
    frame_publisher.FramePublisher(node, overlay=True, use_depth=True)
    topics = {topic.replace("~", "/eovseg") for topic in node.publishers}
    assert {f"/eovseg/{name}" for name in ("label_info", "detections", "detections_3d")} <= topics
    assert topics <= allowed_by(POLICY)["publish"], WRONG


def test_the_policy_covers_what_every_node_and_every_lifecycle_node_has():
    allowed = allowed_by(POLICY)
    assert {"/rosout", "/parameter_events", "/diagnostics", "/eovseg/segments"} <= allowed["publish"]
    assert allowed["subscribe"] == {"/clock", IMAGE, f"{IMAGE}/compressed", DEPTH, INFO, *TF}
    assert {"/eovseg/set_parameters", "/eovseg/change_state"} <= allowed["reply"]
    assert allowed["request"] == set()


def test_the_policy_keeps_to_the_schema():
    assert faults_of(ElementTree.parse(POLICY).getroot()) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('version="0.2.0"', 'version="0.3.0"', 'the root is not <policy version="0.2.0">'),
        ('publish="ALLOW"', 'publish="YES"', 'publish="YES" in <topics>'),
        ('publish="ALLOW"', 'reply="ALLOW"', 'reply="ALLOW" in <topics>'),
        (' publish="ALLOW"', "", "<topics> is empty"),
        (' path="/eovseg"', "", "<enclave> has the attributes []"),
        (' ns="/"', "", "<profile> has the attributes ['node']"),
        ("<topic>/clock</topic>", "<service>/clock</service>", "<service> in <topics>"),
        ("<topic>/clock</topic>", "<topic>/a clock</topic>", "'/a clock' is no name"),
        ("<enclaves>", "<enclaves><enclave path='/a'/>", "<enclave> is empty"),
    ],
)
def test_a_broken_rule_of_the_schema_is_noticed(old, new, fault):
    text = POLICY.read_text()
    assert old in text
    assert faults_of(ElementTree.fromstring(text.replace(old, new, 1))) == [fault]


def test_security_that_cannot_be_switched_on_ends_the_node_with_a_clear_line(start, monkeypatch, tmp_path):
    """Without plugins or without keys: never an unsecured node where security was asked for."""
    for name, value in {"ENABLE": "true", "STRATEGY": "Enforce", "KEYSTORE": str(tmp_path)}.items():
        monkeypatch.setenv(f"ROS_SECURITY_{name}", value)
    node = start("fake_node")
    assert node.wait(20) == 1, node.log
    fatal = [line for line in node.log.splitlines() if "[FATAL]" in line]
    assert len(fatal) == 1 and "security" in fatal[0].lower(), node.log
    assert "Traceback" not in node.log


@pytest.mark.slow
def test_the_tool_writes_the_policy_of_another_node_and_camera(tmp_path):
    file = tmp_path / "policy.xml"
    names = ["--name", "front", "--namespace", "robot", "--image-topic", "/cam/image"]
    subprocess.run([sys.executable, TOOL, *names, "--out", file], check=True, timeout=300)
    assert faults_of(ElementTree.parse(file).getroot()) == []
    (enclave,) = ElementTree.parse(file).iter("enclave")
    assert enclave.get("path") == "/robot/front"
    expected = {
        rule: {n.replace("/eovseg/", "/robot/front/").replace(IMAGE, "/cam/image") for n in allowed}
        for rule, allowed in allowed_by(POLICY).items()
    }
    assert difference(allowed_by(file), expected) == []


@pytest.mark.slow
def test_the_tool_writes_the_very_file(tmp_path):
    subprocess.run([sys.executable, TOOL, "--out", tmp_path / "policy.xml"], check=True, timeout=300)
    assert (tmp_path / "policy.xml").read_text() == POLICY.read_text(), WRONG
