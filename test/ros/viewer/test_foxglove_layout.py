"""config/eovseg_foxglove_layout.json fits the node, and the panels of Foxglove and Lichtblick.

The keys of panels are those of Lichtblick 1.28 (packages/suite-base/src/panels/*/types.ts), a fork of
Foxglove Studio.
"""

import importlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LAYOUT = json.loads((ROOT / "config/eovseg_foxglove_layout.json").read_text())
PANELS = LAYOUT["configById"]
TITLES = {"foxglovePanelTitle", "lichtblickPanelTitle"}
KEYS = {
    "3D": {"cameraState", "followMode", "followTf", "scene", "transforms", "topics", "layers", "imageMode"},
    "CallService": {"serviceName", "requestPayload", "layout", "buttonText", "buttonTooltip", "buttonColor"},
    "DiagnosticSummary": {"minLevel", "pinnedIds", "topicToRender", "hardwareIdFilter", "sortByLevel"},
    "Image": {"imageMode"},
    "Parameters": set(),
    "Plot": {
        *("paths", "minYValue", "maxYValue", "showLegend", "legendDisplay", "showPlotValuesInLegend"),
        *("showXAxisLabels", "showYAxisLabels", "isSynced", "xAxisVal", "yAxisLabel", "followingViewWidth"),
        "sidebarDimension",
    },
    "RawMessages": {"diffEnabled", "diffMethod", "diffTopicPath", "showFullMessageForDiff", "topicPath"},
    "StateTransitions": {"isSynced", "paths"},
    "Tab": {"activeTabIdx", "tabs"},
    "Table": {"topicPath"},
}
SERIES = {"value", "label", "color", "enabled", "timestampMethod"}
IMAGE_MODE = {"imageTopic", "synchronize", "colorMode", "colorMap", "minValue", "maxValue"}
CLOUD = {"visible", "colorField", "colorMode", "explicitAlpha", "pointSize", "pointShape"}
# Of the camera, as in config/eovseg.rviz.
CAMERA = {
    "/camera/image_raw": "sensor_msgs/msg/Image",
    "/camera/camera_info": "sensor_msgs/msg/CameraInfo",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Types of the topics and services of a node with depth, by name."""
    from graph import Graph

    from eovseg_ros.processes.child_process import ChildProcess

    log = tmp_path_factory.mktemp("layout") / "node.log"
    with Graph() as graph, ChildProcess("fake_node", log, parameters={"use_depth": True}) as node:
        node.wait_for_log("segmenting /image", 20)
        own = "/eovseg/"
        graph.wait(lambda: any(name == f"{own}markers" for name, _ in graph.node.get_topic_names_and_types()))
        topics = {name: types[0] for name, types in graph.node.get_topic_names_and_types()}
        services = {name: types[0] for name, types in graph.node.get_service_names_and_types()}
    kept = {name: kind for name, kind in topics.items() if name.startswith(own) or name == "/diagnostics"}
    return kept | CAMERA, services


def panels_of(layout):
    """The panels of a tree of splits, and of the tabs in it."""
    if isinstance(layout, dict):
        assert set(layout) == {"direction", "first", "second", "splitPercentage"}
        assert layout["direction"] in ("row", "column") and 10 <= layout["splitPercentage"] <= 90
        return panels_of(layout["first"]) + panels_of(layout["second"])
    tabs = PANELS[layout].get("tabs", [])
    return [layout, *(panel for tab in tabs for panel in panels_of(tab["layout"]))]


def class_of(name):
    package, kind, message = name.split("/")
    return getattr(importlib.import_module(f"{package}.{kind}"), message)


def type_at(name, path):
    """The type of a field of a message, by a path such as .cameras[0].rate_in."""
    for field, index in re.findall(r"\.(\w+)(\[(?:\d+|:)\])?", path):
        fields = class_of(name.replace("/", "/msg/", 1) if "/msg/" not in name else name)
        found = fields.get_fields_and_field_types()[field]
        name = found
        if index:
            sequence = re.fullmatch(r"sequence<(.*?)(?:, \d+)?>|(.*)\[\d+\]", found)
            assert sequence, f"{field} is no list"
            name = sequence[1] or sequence[2]
    return name


def topic_and_path(text):
    topic, path = re.fullmatch(r"(/[\w/]+)((?:\.\w+(?:\[(?:\d+|:)\])?)*)", text).groups()
    return topic, path


def by_type(kind):
    return {name: config for name, config in PANELS.items() if name.partition("!")[0] == kind}


def test_a_file_has_what_the_viewers_read():
    assert set(LAYOUT) == {"configById", "globalVariables", "userNodes", "playbackConfig", "layout"}
    assert LAYOUT["playbackConfig"] == {"speed": 1}
    shown = panels_of(LAYOUT["layout"])
    assert sorted(shown) == sorted(PANELS)  # each once


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_has_the_keys_of_its_type(name):
    config = PANELS[name]
    assert set(config) - TITLES <= KEYS[name.partition("!")[0]]
    assert config["foxglovePanelTitle"] == config["lichtblickPanelTitle"]
    for series in config.get("paths", []):
        assert SERIES - set(series) <= {"color"} and set(series) <= SERIES
        assert series["timestampMethod"] in ("receiveTime", "headerStamp")


def test_images_are_of_topics_with_images(names):
    topics, _ = names
    for config in by_type("Image").values():
        mode = config["imageMode"]
        assert topics[mode["imageTopic"]] == "sensor_msgs/msg/Image" and set(mode) <= IMAGE_MODE
    assert PANELS["Image!panoptic"]["imageMode"]["colorMode"] == "colormap"  # of 16UC1 images


def test_space_has_points_markers_and_the_camera(names):
    topics, _ = names
    shown = PANELS["3D!space"]["topics"]
    assert {topics[topic] for topic in shown} == {
        "sensor_msgs/msg/PointCloud2",
        "visualization_msgs/msg/MarkerArray",
        "sensor_msgs/msg/CameraInfo",
    }
    assert set(shown["/eovseg/points"]) == CLOUD and shown["/eovseg/points"]["colorField"] == "rgb"
    assert set(shown["/eovseg/markers"]["namespaces"]) == {"boxes", "names"}


def test_every_path_leads_to_a_field(names):
    topics, _ = names
    paths = [config["topicPath"] for config in PANELS.values() if "topicPath" in config]
    plotted = [
        one["value"]
        for kind in ("Plot", "StateTransitions")
        for c in by_type(kind).values()
        for one in c["paths"]
    ]
    for text in paths + plotted:
        topic, path = topic_and_path(text)
        assert type_at(topics[topic], path), text
    for text in plotted:
        topic, path = topic_and_path(text)
        assert type_at(topics[topic], path) in ("float", "uint8", "uint32"), text
    for config in by_type("Table").values():
        topic, path = topic_and_path(config["topicPath"])
        assert type_at(topics[topic], path).startswith("sequence<eovseg_ros/")
    with pytest.raises(KeyError):
        type_at("eovseg_ros/msg/Status", ".cameras[0].speed")


def test_services_take_the_requests(names):
    _, services = names
    for config in by_type("CallService").values():
        request = class_of(services[config["serviceName"]]).Request
        values = json.loads(config["requestPayload"])
        assert set(values) == set(request.get_fields_and_field_types())
        request(**values)


def test_diagnostics_are_where_the_node_publishes_them(names):
    topics, _ = names
    for config in by_type("DiagnosticSummary").values():
        assert topics[config["topicToRender"]] == "diagnostic_msgs/msg/DiagnosticArray"
