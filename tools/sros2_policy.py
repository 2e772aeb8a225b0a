"""Writes config/eovseg_policy.xml, the SROS2 policy of the node, from the endpoints of a running node.

    python tools/sros2_policy.py
    python tools/sros2_policy.py --namespace robot1 --image-topic /cam/image_raw --out my_policy.xml

Starts the node once for each image transport and goes through its lifecycle. SECURITY.md shows how to use
the file.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path
from xml.etree import ElementTree

import rclpy
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node

from eovseg_ros.processes import ChildProcess, use_own_graph

POLICY = Path(__file__).resolve().parents[1] / "config/eovseg_policy.xml"
COMMAND = "python tools/sros2_policy.py"  # after `. build/env.sh`
TOPICS = {  # as in the launch file, and as the simulated camera has them
    "image": "/camera/image_raw",
    "depth": "/camera/depth",
    "camera_info": "/camera/camera_info",
}
CONFIGURE, CLEANUP, ACTIVATE, DEACTIVATE = 1, 2, 3, 4
# Also where vision_msgs or tf2_ros is not installed.
OPTIONAL = {
    "publish": {"~/label_info", "~/detections", "~/detections_3d"},
    "subscribe": {"/tf", "/tf_static"},
}
SETTLED = 1.0  # seconds without a change, as endpoints are discovered one after the other
PATIENCE = 60.0  # seconds for the node to start and for a transition
HEADER = f""" The permissions of the node for `ros2 security create_permission`: see SECURITY.md.
       Written by `{COMMAND}`, which has options for the names of the node and of its input topics. """


@dataclass(frozen=True)
class Endpoints:
    """Full names of the topics and services of a node, by what the node does with them."""

    subscribe: frozenset[str] = frozenset()
    publish: frozenset[str] = frozenset()
    reply: frozenset[str] = frozenset()
    request: frozenset[str] = frozenset()

    def __or__(self, other: "Endpoints") -> "Endpoints":
        return Endpoints(*(getattr(self, f.name) | getattr(other, f.name) for f in fields(self)))


def main() -> int:
    """Write the file; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--name", default="eovseg", help="of the node (default: %(default)s)")
    parser.add_argument("--namespace", default="", help="of the node (default: none)")
    for name, topic in TOPICS.items():
        parser.add_argument(f"--{name.replace('_', '-')}-topic", default=topic, help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=POLICY, help="default: config/eovseg_policy.xml")
    options = parser.parse_args()
    namespace = "/" + options.namespace.strip("/")
    topics = {name: getattr(options, f"{name}_topic") for name in TOPICS}
    endpoints = endpoints_of_the_node(options.name, namespace, topics)
    options.out.write_text(policy_xml(endpoints, options.name, namespace), encoding="utf-8")
    print(f"wrote {options.out}")
    return 0


def endpoints_of_the_node(name: str, namespace: str, topics: dict[str, str]) -> Endpoints:
    """All that the node has in any state with depth and any transport; starts it in a graph of its own."""
    use_own_graph()
    rclpy.init(args=[])
    watcher = Node("policy_watcher")
    remappings = {"__node": name, "__ns": namespace, **topics}
    found = Endpoints()
    for transport in ("raw", "compressed"):
        parameters = {
            "image_transport": transport,
            "use_depth": True,
            "autostart": False,
            "use_sim_time": True,
        }
        with (
            tempfile.TemporaryDirectory() as folder,
            ChildProcess(
                "eovseg_ros.node.main",
                Path(folder, "log"),
                parameters=parameters,
                remappings=remappings,
            ) as node,
        ):
            found |= _settled(watcher, name, namespace)
            for transition in (CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP):
                _change_state(watcher, node, f"{namespace.rstrip('/')}/{name}", transition)
                found |= _settled(watcher, name, namespace)
    watcher.destroy_node()
    rclpy.shutdown()
    return found


def endpoints(watcher: Node, name: str, namespace: str) -> Endpoints:
    """What a node has now, as far as it is discovered; RuntimeError where two nodes have that name."""
    number = watcher.get_node_names_and_namespaces().count((name, namespace))
    if number > 1:  # ROS merges the endpoints of both
        raise RuntimeError(
            f"{number} nodes are named {name} in this ROS graph; stop the others or set another ROS_DOMAIN_ID"
        )
    if not number:
        return Endpoints()
    kinds = {"subscribe": "subscriber", "publish": "publisher", "reply": "service", "request": "client"}
    ask = {rule: getattr(watcher, f"get_{kind}_names_and_types_by_node") for rule, kind in kinds.items()}
    return Endpoints(**{rule: frozenset(n for n, _ in get(name, namespace)) for rule, get in ask.items()})


def _settled(watcher: Node, name: str, namespace: str) -> Endpoints:
    last, since = Endpoints(), time.monotonic()
    deadline = since + PATIENCE
    while last == Endpoints() or time.monotonic() - since < SETTLED:
        if time.monotonic() > deadline:
            sys.exit(f"sros2_policy: the node did not settle within {PATIENCE:.0f} s")
        if (now := endpoints(watcher, name, namespace)) != last:
            last, since = now, time.monotonic()
        time.sleep(0.05)
    return last


def _change_state(watcher: Node, node: ChildProcess, full_name: str, transition: int) -> None:
    client = watcher.create_client(ChangeState, f"{full_name}/change_state")
    request = ChangeState.Request()
    request.transition.id = transition
    answer = None
    if client.wait_for_service(PATIENCE):
        future = client.call_async(request)
        rclpy.spin_until_future_complete(watcher, future, timeout_sec=PATIENCE)
        answer = future.result()
    watcher.destroy_client(client)
    if not (answer and answer.success):
        sys.exit(f"sros2_policy: the node failed at transition {transition}:\n{node.log[-2000:]}")


def policy_xml(found: Endpoints, name: str, namespace: str) -> str:
    """The policy file of one node, whose enclave has its full name."""
    full_name = f"{namespace.rstrip('/')}/{name}"
    root = ElementTree.Element("policy", version="0.2.0")
    root.append(ElementTree.Comment(HEADER))
    enclave = ElementTree.SubElement(ElementTree.SubElement(root, "enclaves"), "enclave", path=full_name)
    profiles = ElementTree.SubElement(enclave, "profiles")
    profile = ElementTree.SubElement(profiles, "profile", ns=namespace, node=name)
    for rule in (f.name for f in fields(found)):
        kind = "topic" if rule in ("subscribe", "publish") else "service"
        names = {expression(full, full_name) for full in getattr(found, rule)}
        names |= OPTIONAL.get(rule, set())
        if names:
            group = ElementTree.SubElement(profile, f"{kind}s", {rule: "ALLOW"})
            for text in sorted(names):
                ElementTree.SubElement(group, kind).text = text
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def expression(full: str, full_name: str) -> str:
    """A topic's or service's name as the policy has it: `~/...` for what is the node's own."""
    return "~" + full.removeprefix(full_name) if full.startswith(f"{full_name}/") else full


if __name__ == "__main__":
    sys.exit(main())
