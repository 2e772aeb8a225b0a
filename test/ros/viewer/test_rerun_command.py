"""`eovseg-ros rerun` beside a live node, over DDS, with the stand-in for rerun-sdk."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from graph import BEST_EFFORT, LATCHED, RELIABLE, image_publisher, squares, stamp_of
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_srvs.srv import SetBool

from eovseg_ros.cli import main as cli
from eovseg_ros.messages import array_to_image
from eovseg_ros.msg import PanopticSegmentation, Status
from eovseg_ros.srv import SetVocabulary

TF2_STAND_IN = Path(__file__).parents[1] / "tf2_stand_in"
pytestmark = pytest.mark.usefixtures("stand_in")


class Viewer:
    """The command as a process, and what it has logged."""

    def __init__(self, folder, *arguments):
        self.file = folder / "recording.rrd"
        self.state = folder / "stand_in_state"
        command = [sys.executable, "-m", "eovseg_ros.cli.program", "--timeout", "15", "rerun"]
        command += ["--save", str(self.file), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.communicate()

    def lines(self, path="", **values):
        """What is logged so far at an entity, with these values."""
        text = self.file.read_text() if self.file.exists() else ""
        whole = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [
            one
            for one in whole
            if one.get("path", "").startswith(path) and all(one.get(k) == v for k, v in values.items())
        ]

    def end(self):
        """Interrupt it; the status, the seconds that it took, and both outputs."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        output = self.process.communicate(timeout=10)
        return self.process.returncode, time.monotonic() - started, *output


class Camera:
    """Publishes a picture again and again."""

    def __init__(self, graph, picture, topic="/image", qos=RELIABLE):
        self.graph, self.picture, self.qos = graph, picture, qos
        self.publisher = image_publisher(graph, topic, qos)
        self.sent = {}  # by stamp
        self._timer = graph.node.create_timer(0.1, self._send)
        graph._executor.wake()

    def _send(self):
        message = self.graph.picture(self.picture)
        self.sent[stamp_of(message)] = message
        self.publisher.publish(message)


class DepthCamera:
    """Publishes pictures with a cup, 2 m away, and their calibration."""

    def __init__(self, graph):
        self._graph = graph
        self.with_depth = True
        make = graph.node.create_publisher
        self._image, self._depth = make(Image, "/image", RELIABLE), make(Image, "/depth", RELIABLE)
        self._info = make(CameraInfo, "/camera_info", RELIABLE)
        graph.node.create_timer(0.1, self._send)
        graph._executor.wake()

    def _send(self):
        image = self._graph.picture(squares((3, 0)))
        k = [80.0, 0.0, 39.5, 0.0, 80.0, 29.5, 0.0, 0.0, 1.0]
        self._info.publish(CameraInfo(header=image.header, width=80, height=60, k=k))
        if self.with_depth:
            self._depth.publish(array_to_image(np.full((60, 80), 2000, np.uint16), "16UC1", image.header))
        self._image.publish(image)


def send_transform(graph, translation):
    """Publish map from camera, for good."""
    publisher = graph.node.create_publisher(TransformStamped, "/tf_static", LATCHED)
    message = TransformStamped(child_frame_id="camera")
    message.header.frame_id = "map"
    message.transform.rotation = Quaternion(w=1.0)
    message.transform.translation = Vector3(**dict(zip("xyz", translation, strict=True)))
    publisher.publish(message)


def set_vocabulary(graph, *entries):
    client = graph.node.create_client(SetVocabulary, "/eovseg/set_vocabulary")
    answer = graph.call(client, SetVocabulary.Request(entries=list(entries)))
    assert answer.success, answer.message
    return answer.version


def test_frames_are_logged_with_picture_labels_and_boxes_of_one_stamp(graph, start_fake, tmp_path):
    start_fake(diagnostics_rate=10.0)
    camera = Camera(graph, squares((3, 0), (7, 1), (9, 2)))
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: len(viewer.lines("camera/pose/image/rgb", kind="Image")) > 3, what="pictures")
        graph.wait(lambda: viewer.lines("camera/latency", kind="Scalars"), what="latencies")
        status, seconds, out, err = viewer.end()
    assert (status, err) == (0, "") and seconds < 2
    assert out == f"streaming /eovseg to {viewer.file}  (Ctrl-C ends it)\n"

    for picture in viewer.lines("camera/pose/image/rgb", kind="Image")[:3]:
        stamp = picture["time"]
        assert stamp in camera.sent
        (boxes,) = viewer.lines("camera/pose/image/boxes", time=stamp)
        assert picture["image"] == camera.picture.tolist()
        (labels,) = viewer.lines("camera/pose/image/labels", time=stamp)
        assert labels["image"][15][10] == 1 and labels["image"][15][25] == 2 and labels["image"][0][0] == 0
        assert labels["opacity"] == 0.5
        assert boxes["mins"] == [[5, 10], [20, 10]] and boxes["sizes"] == [[10, 10]] * 2  # the floor is stuff
        assert [label.partition(" ")[0] for label in boxes["labels"]] == ["cup", "ball"]
    (names,) = viewer.lines("camera", kind="AnnotationContext")
    assert [one["label"] for one in names["context"]] == ["void", "cup", "ball", "floor"]
    assert names["time"] <= viewer.lines("camera/pose/image/labels")[0]["time"]
    assert len(viewer.lines("camera/latency", kind="Scalars")[0]["scalars"]) == 4
    assert viewer.lines("log", text="the node is active", level="INFO")
    assert not viewer.lines("camera/points") and not viewer.lines("camera/boxes")  # no depth
    views = json.dumps(viewer.lines()[0]["blueprint"])
    assert '"/camera/pose/image"' in views and '"stamp"' in views and "Tabs" not in views


def test_a_vocabulary_that_changes_names_the_frames_from_its_first_on(graph, start_fake, tmp_path):
    start_fake()
    Camera(graph, squares((3, 0)))
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("camera", kind="AnnotationContext"), what="names")
        version = set_vocabulary(graph, "mug", "table|stuff")
        graph.wait(lambda: len(viewer.lines("camera", kind="AnnotationContext")) == 2, what="new names")
        live = f"vocabulary {version} is live"
        graph.wait(lambda: viewer.lines("log", text=live), what=live)
        stamp = viewer.lines("camera", kind="AnnotationContext")[1]["time"]
        graph.wait(lambda: any(one["time"] > stamp for one in viewer.lines("camera/pose/image/boxes")))
        viewer.end()
    new = viewer.lines("camera", kind="AnnotationContext")[1]
    assert [one["label"] for one in new["context"]] == ["void", "mug", "table"]
    versions = {stamp_of(message): message.vocabulary_version for message in segments}
    logged = [one["time"] for one in viewer.lines("camera/pose/image/labels")]
    assert stamp == min(time for time in logged if versions.get(time) == version)
    for boxes in viewer.lines("camera/pose/image/boxes"):
        assert boxes["labels"][0].startswith("mug" if boxes["time"] >= stamp else "cup")


@pytest.mark.slow
def test_a_node_that_is_started_again_is_followed(graph, start_fake, tmp_path):
    first = start_fake()
    Camera(graph, squares((3, 0)))
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("camera/pose/image/boxes"), what="boxes")
        first.stop()
        start_fake(vocabulary=["mug"])
        newest = lambda: (viewer.lines("camera/pose/image/boxes") or [{}])[-1]  # noqa: E731
        graph.wait(lambda: newest()["labels"][0].startswith("mug"), what="boxes of the second node")
        viewer.end()
    names = [line["context"][1]["label"] for line in viewer.lines("camera", kind="AnnotationContext")]
    assert names == ["cup", "mug"]


def test_all_cameras_or_those_that_are_named(graph, start, tmp_path):
    node = start("fake_node", parameters={"vocabulary": ["cup", "ball"], "cameras": ["front", "rear"]})
    node.wait_for_log("segmenting /rear/image", 20)
    Camera(graph, squares((3, 0)), "/front/image")
    Camera(graph, squares((7, 1)), "/rear/image", BEST_EFFORT)
    (tmp_path / "all").mkdir()
    with Viewer(tmp_path / "all") as viewer:
        for name, label in (("front", "cup"), ("rear", "ball")):
            graph.wait(lambda name=name: viewer.lines(f"{name}/pose/image/rgb", kind="Image"), what=name)
            assert viewer.lines(f"{name}/pose/image/boxes")[0]["labels"][0].startswith(label)
        assert "Tabs" in json.dumps(viewer.lines()[0]["blueprint"])
        viewer.end()
    with Viewer(tmp_path, "--camera", "rear") as viewer:
        graph.wait(lambda: len(viewer.lines("rear/pose/image/rgb", kind="Image")) > 2, what="rear")
        assert not graph.node.count_subscribers("/eovseg/front/segments")
        viewer.end()
    assert not viewer.lines("front")


@pytest.mark.slow
def test_compressed_images_are_shown(graph, start, tmp_path):
    node = start(
        "fake_node",
        parameters={"vocabulary": ["cup"], "image_transport": "compressed"},
        remappings={"image": "/cam/image_raw"},
    )
    node.wait_for_log("segmenting /cam/image_raw/compressed", 20)
    publisher = graph.node.create_publisher(CompressedImage, "/cam/image_raw/compressed", BEST_EFFORT)
    message = CompressedImage(format="png")
    message.data = cv2.imencode(".png", squares((3, 0))[:, :, ::-1])[1].tobytes()

    def send():
        message.header = graph.picture(squares()).header
        publisher.publish(message)

    graph.node.create_timer(0.1, send)
    graph._executor.wake()
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("camera/pose/image/rgb", kind="Image"), what="a picture")
        viewer.end()
    assert viewer.lines("camera/pose/image/rgb", kind="Image")[0]["image"] == squares((3, 0)).tolist()


def test_a_camera_with_depth_has_points_boxes_and_a_pinhole(graph, start_fake, tmp_path):
    start_fake(use_depth=True, diagnostics_rate=10.0, points_stride=1)
    DepthCamera(graph)
    with Viewer(tmp_path) as viewer:
        for path in ("camera/points", "camera/boxes"):
            graph.wait(lambda path=path: [one for one in viewer.lines(path) if any(one.values())], what=path)
        graph.wait(lambda: viewer.lines("camera/pose/image", kind="Pinhole"), what="a pinhole")
        graph.wait(lambda: len(viewer.lines("camera/boxes")) > 5, what="boxes")
        viewer.end()
    points = viewer.lines("camera/points")[0]
    # Column 0, row 0: (0 - 39.5) / 80 and (0 - 29.5) / 80 of 2 m.
    assert points["positions"][0] == pytest.approx([-0.9875, -0.7375, 2.0], abs=1e-4)
    assert [3, 0, 0] in points["colors"]  # of the picture
    boxes = viewer.lines("camera/boxes")[0]
    assert boxes["labels"][0].startswith("cup") and boxes["centers"][0][2] == pytest.approx(2.0, abs=0.01)
    (pinhole,) = viewer.lines("camera/pose/image", kind="Pinhole")  # once for a calibration
    assert pinhole["image_from_camera"][0] == [80, 0, 40] and pinhole["resolution"] == [80, 60]
    assert viewer.lines("camera", kind="_Axes")[0]["name"] == "RDF"
    pose = viewer.lines("camera/pose", kind="Transform3D")[0]
    assert pose["translation"] == [0, 0, 0]  # positions are in the frame of the camera


@pytest.mark.slow
def test_what_was_in_space_is_gone_with_the_depth(graph, start_fake, tmp_path):
    start_fake(use_depth=True)
    camera = DepthCamera(graph)
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("camera/points", kind="Points3D"), what="points")
        graph.wait(lambda: viewer.lines("camera/boxes", kind="Boxes3D"), what="boxes")
        camera.with_depth = False
        for path in ("camera/points", "camera/boxes"):
            graph.wait(lambda path=path: viewer.lines(path, kind="Clear"), what=f"no {path}")
        camera.with_depth = True
        cleared = viewer.lines("camera/boxes", kind="Clear")[-1]["time"]
        graph.wait(
            lambda: viewer.lines("camera/boxes", kind="Boxes3D")[-1]["time"] > cleared, what="new boxes"
        )
        viewer.end()
    assert len(viewer.lines("camera/boxes", kind="Clear")) < 3  # once, or again if a frame came between


@pytest.mark.slow
def test_positions_in_another_frame_have_the_pose_of_the_camera(graph, start, tmp_path, monkeypatch):
    path = os.pathsep.join([str(TF2_STAND_IN), os.environ["PYTHONPATH"]])
    monkeypatch.setenv("PYTHONPATH", path)
    parameters = {"vocabulary": ["cup"], "use_depth": True, "target_frame": "map", "diagnostics_rate": 10.0}
    start("fake_node", parameters=parameters).wait_for_log("segmenting /image", 20)
    DepthCamera(graph)
    send_transform(graph, (1.0, 2.0, 3.0))
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("camera/pose", kind="Transform3D"), what="a pose")
        viewer.end()
    pose = viewer.lines("camera/pose", kind="Transform3D")[0]
    assert pose["translation"] == [1, 2, 3] and pose["mat3x3"] == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert viewer.lines("camera", kind="_Axes")[0]["name"] == "RIGHT_HAND_Z_UP"


@pytest.mark.slow
def test_without_tf2_the_rest_is_shown(graph, start, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join([str(TF2_STAND_IN), os.environ["PYTHONPATH"]]))
        parameters = {"vocabulary": ["cup"], "use_depth": True, "target_frame": "map"}
        start("fake_node", parameters=parameters).wait_for_log("segmenting /image", 20)
    DepthCamera(graph)
    send_transform(graph, (1.0, 2.0, 3.0))
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: len(viewer.lines("camera/boxes")) > 3, what="boxes")
        _, _, _, err = viewer.end()
    assert err.startswith("eovseg-ros rerun: no pose of the camera: target_frame needs tf2_ros")
    assert err.count("\n") == 1 and not viewer.lines("camera/pose", kind="Transform3D")


@pytest.mark.slow
def test_states_and_errors_of_the_node_are_lines_of_a_log(graph, start_fake, tmp_path):
    start_fake(diagnostics_rate=10.0)
    client = graph.node.create_client(SetBool, "/eovseg/enable")
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("log", text="the node is active"))
        graph.call(client, SetBool.Request(data=False))
        inactive = "the node is not active: eovseg-ros enable activates it"
        graph.wait(lambda: viewer.lines("log", text=inactive, level="WARN"))
        time.sleep(0.5)
        graph.call(client, SetBool.Request(data=True))
        graph.wait(lambda: len(viewer.lines("log", text="the node is active")) == 2)
        graph.set("/eovseg", vocabulary="['broken cup']")
        graph.wait(lambda: viewer.lines("log", level="ERROR"))
        _, _, _, err = viewer.end()
    assert len(viewer.lines("log", text=inactive)) == 1
    assert "the text tower tripped" in viewer.lines("log", level="ERROR")[0]["text"]
    assert err.splitlines()[0] == f"eovseg-ros rerun: {inactive}" and "tripped" in err


@pytest.mark.slow
def test_a_slow_viewer_gets_the_newest_frames_and_slows_nobody(graph, start_fake, tmp_path):
    start_fake(diagnostics_rate=10.0)
    camera = Camera(graph, squares((3, 0)))
    statuses = graph.collect(Status, "/eovseg/status")
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: len(viewer.lines("camera/pose/image/rgb", kind="Image")) > 3, what="pictures")
        viewer.state.write_text("slow")
        time.sleep(13.0)  # longer than a node may be silent
        assert viewer.process.poll() is None
        assert statuses[-1].cameras[0].rate_out > 8  # 10 Hz
        resumed = max(camera.sent)
        viewer.state.write_text("")
        graph.wait(
            lambda: any(one["time"] > resumed for one in viewer.lines("camera/pose/image/rgb", kind="Image"))
        )
        status, seconds, _, err = viewer.end()
    assert (status, err) == (0, "") and seconds < 2
    times = [one["time"] for one in viewer.lines("camera/pose/image/rgb", kind="Image")]
    missed = [stamp for stamp in camera.sent if times[0] < stamp < times[-1] and stamp not in times]
    assert len(missed) > 100  # of 130
    assert times == sorted(times)


@pytest.mark.slow
def test_ctrl_c_ends_it_while_the_viewer_is_stuck(graph, start_fake, tmp_path):
    start_fake()
    Camera(graph, squares((3, 0)))
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("camera/pose/image/rgb", kind="Image"), what="a picture")
        viewer.state.write_text("slow")
        time.sleep(1.0)
        status, seconds, _, err = viewer.end()
    assert (status, err) == (0, "") and seconds < 2.5


@pytest.mark.slow
def test_a_viewer_that_is_gone_ends_it_with_a_reason(graph, start_fake, tmp_path):
    start_fake()
    Camera(graph, squares((3, 0)))
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: viewer.lines("camera/pose/image/rgb", kind="Image"), what="a picture")
        viewer.state.write_text("gone")
        _, err = viewer.process.communicate(timeout=10)
    assert viewer.process.returncode == 1
    assert err == f"eovseg-ros: {viewer.file} is gone: gRPC connection severed\n"


@pytest.mark.slow
def test_nothing_stays_subscribed(graph, start_fake, tmp_path):
    start_fake()
    topics = ("/eovseg/segments", "/eovseg/semantic", "/eovseg/points", "/eovseg/overlay")
    count = lambda: [graph.node.count_subscribers(topic) for topic in topics]  # noqa: E731
    assert count() == [0, 0, 0, 0]
    with Viewer(tmp_path) as viewer:
        graph.wait(lambda: count() == [1, 1, 0, 0], what="subscriptions")
        viewer.end()
    graph.wait(lambda: count() == [0, 0, 0, 0], what="their end")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["--camera", "side"],
            "/eovseg has no camera 'side'; it has one camera without a name: leave --camera out",
        ),
        (["--save", "/nowhere/a.rrd"], "/nowhere/a.rrd: No such file or directory"),
        (["--connect", "localhost:1"], "no viewer at localhost port 1: Connection refused; start one there"),
        (
            ["--connect", "a b"],
            "--connect must be HOST, HOST:PORT or rerun+http://HOST:PORT/proxy; got 'a b'",
        ),
    ],
)
def test_a_wrong_argument_is_told(start_fake, capsys, arguments, reason):
    start_fake()
    assert cli.main(["--timeout", "15", "rerun", *arguments]) == 1
    assert capsys.readouterr().err.startswith(f"eovseg-ros: {reason}")


def test_a_missing_node_is_told(capsys):
    assert cli.main(["--node", "/nobody", "--timeout", "0.5", "rerun"]) == 1
    assert capsys.readouterr().err == "eovseg-ros: no status from /nobody: is the node running?\n"


def test_a_missing_package_is_told_and_nothing_imports_it_before():
    program = """
import sys
sys.modules["rerun"] = None  # as if it were not installed
import eovseg_ros.cli.main as cli
assert "eovseg_ros.viewer.stream" not in sys.modules
sys.exit(cli.main(["--timeout", "0.5", "rerun"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    reason = "rerun-sdk is missing: pip install 'eovseg_model[rerun]', or 'rerun-sdk>=0.41,<0.42'"
    assert done.stderr == f"eovseg-ros: {reason}\n"
