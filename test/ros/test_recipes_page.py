"""docs/recipes.md names only topics, parameters and files that exist."""

import ast
import re
import runpy
import textwrap
from pathlib import Path

import pytest
import yaml

from eovseg_ros.msg import Vocabulary

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recipes.md").read_text()
BLOCKS = re.findall(r"^( *)```(\w*)\n(.*?)^\1```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = "\n".join(text for _, kind, text in BLOCKS if not kind).replace("\\\n", " ")
CONFIGURATIONS = [yaml.safe_load(text) for _, kind, text in BLOCKS if kind == "yaml"]


def topics_of_the_node():
    """The names of all private topics that the node's source mentions."""
    sources = "".join(path.read_text() for path in (ROOT / "eovseg_ros" / "node").rglob("*.py"))
    return set(re.findall(r'"~/(?:\{[^}]*\})?(\w+)"', sources))


def launch_arguments():
    tree = ast.parse((ROOT / "launch" / "eovseg.launch.py").read_text())
    assignments = [node for node in tree.body if isinstance(node, ast.Assign)]
    (arguments,) = (a.value for a in assignments if ast.unparse(a.targets[0]) == "ARGUMENTS")
    assert isinstance(arguments, ast.Dict)
    return {ast.literal_eval(key) for key in arguments.keys if key}


def parameters():
    return set(yaml.safe_load((ROOT / "config" / "eovseg.yaml").read_text())["/**"]["ros__parameters"])


def test_topics_exist():
    named = set(re.findall(r"(?:~|/eovseg)/(\w+)", PAGE))
    assert {"semantic", "label_info", "segments", "panoptic", "points", "status"} <= named
    assert named <= topics_of_the_node() | {"msg"}


def test_launch_arguments_exist():
    launches = re.findall(r"ros2 launch eovseg_ros eovseg\.launch\.py(.*)", COMMANDS)
    named = set(re.findall(r"(\w+):=", " ".join(launches)))
    assert len(launches) >= 5 and {"image_topic", "depth_topic", "vocabulary"} <= named <= launch_arguments()


def test_files_exist():
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert link.startswith("https://") or (ROOT / "docs" / link).exists(), link
    for example in re.findall(r"examples/\w+\.py", PAGE):
        assert (ROOT / example).exists(), example


def test_own_parameters_and_status_fields_exist():
    assert "latency_p99" in (ROOT / "msg" / "CameraStatus.msg").read_text()
    assert "use_depth" in parameters()


def test_nav2_lists_all_classes_of_its_launch_line_by_their_first_names():
    (entries,) = re.findall(r'vocabulary:="(\[.*?\])"', COMMANDS)
    labels = [entry.split("|")[0].split(",")[0] for entry in ast.literal_eval(entries)]
    (nav2,) = (c["local_costmap"] for c in CONFIGURATIONS if "local_costmap" in c)
    camera = nav2["local_costmap"]["ros__parameters"]["semantic_layer"]["camera"]
    listed = [name for kind in camera["class_types"] for name in camera[kind]["classes"]]
    assert sorted(listed) == sorted(labels)


def test_the_label_space_is_what_the_example_prints():
    example = runpy.run_path(str(ROOT / "examples" / "hydra_label_space.py"))
    vocabulary = Vocabulary(labels=["cup", "ball", "floor"], is_thing=[True, True, False])
    (shown,) = (text for _, kind, text in BLOCKS if kind == "yaml" and "label_names" in text)
    assert textwrap.dedent(shown).strip() == example["label_space"](vocabulary, ["floor"])


def test_the_arithmetic_of_queues():
    seconds, rate, margin, result = re.search(r"= ([\d.]+) s x (\d+) Hz \+ (\d+) = (\d+)", PAGE).groups()
    assert float(seconds) * int(rate) + int(margin) == int(result)
    assert f"queue_size={result}" in PAGE
    example = (ROOT / "examples" / "pair_by_stamp.py").read_text()
    assert f"MARGIN = {margin} " in example
    assert int(result) * 640 * 480 * 2 == pytest.approx(14e6, rel=0.05)
