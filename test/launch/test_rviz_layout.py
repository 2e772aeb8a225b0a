"""The RViz layout shows what the node publishes; RViz itself is not on PyPI."""

import ast
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CAMERA = "/camera/image_raw"


@pytest.fixture(scope="module")
def manager() -> dict:
    return yaml.safe_load((ROOT / "config/eovseg.rviz").read_text())["Visualization Manager"]


def test_displays_show_the_topics_that_the_launch_file_remaps(manager: dict) -> None:
    module = ast.parse((ROOT / "launch/eovseg.launch.py").read_text())
    (views,) = (
        ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "VIEWS"
    )
    shown = [display["Topic"]["Value"] for display in manager["Displays"]]
    assert sorted(shown) == sorted([CAMERA, *(f"/eovseg/{view}" for view in views)])


def test_displays_are_of_the_topics_types(manager: dict) -> None:
    kinds = {
        d["Topic"]["Value"]: d["Class"].removeprefix("rviz_default_plugins/") for d in manager["Displays"]
    }
    assert kinds == {
        CAMERA: "Image",
        "/eovseg/overlay": "Image",
        "/eovseg/panoptic": "Image",
        "/eovseg/points": "PointCloud2",
        "/eovseg/markers": "MarkerArray",
    }


def test_results_are_received_as_they_are_sent(manager: dict) -> None:
    """A reliable subscription; the markers' queue holds the deletions of some frames."""
    topics = {display["Topic"]["Value"]: display["Topic"] for display in manager["Displays"]}
    for name, topic in topics.items():
        assert topic["Reliability Policy"] == ("Best Effort" if name == CAMERA else "Reliable")
        assert topic["Durability Policy"] == "Volatile"
    assert topics["/eovseg/markers"]["Depth"] > 1


def test_points_have_the_colours_of_the_image_and_all_markers_are_shown(manager: dict) -> None:
    by_class = {display["Class"]: display for display in manager["Displays"]}
    points = by_class["rviz_default_plugins/PointCloud2"]
    assert (points["Position Transformer"], points["Color Transformer"]) == ("XYZ", "RGB8")
    assert by_class["rviz_default_plugins/MarkerArray"]["Namespaces"] == {"boxes": True, "names": True}
    assert all(display["Enabled"] for display in manager["Displays"])
