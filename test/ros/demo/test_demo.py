"""The demo, shortened, and what it leaves behind; the arithmetic of the latency benchmark."""

import math
import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from eovseg_ros.benchmarks.latency import NodeTimes, node_times, slice_medians, verdicts
from eovseg_ros.benchmarks.latency_probe import BackendFailure, LatencyProbe
from eovseg_ros.demo import camera as demo_camera
from eovseg_ros.demo import speed as demo_speed
from eovseg_ros.demo.acts import ACTS
from eovseg_ros.demo.camera import choose_camera, why_no_pybullet
from eovseg_ros.demo.play import main as demo_main
from eovseg_ros.demo.speed import reason_of, show_speed
from eovseg_ros.msg import CameraStatus, Status
from eovseg_ros.processes import ProgramFailure

SPEED = r"out (\S+) Hz at 320x240 with the camera at 40 Hz, .* torch fp32 on cpu"


def run_demo(folder, *arguments):
    command = [sys.executable, "-m", "eovseg_ros.demo", "--output", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("camera", "first_line"),
    [
        pytest.param("sim", "rendering a simulated camera with PyBullet", marks=pytest.mark.slow),
        ("recorded", "playing a recorded camera, as requested"),
    ],
)
def test_the_demo_tells_what_happens_and_leaves_pictures_and_a_video(tmp_path, camera, first_line):
    if camera == "sim":
        pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")
    fast = ("--fast-seconds", "2", "--fast-backend", "torch")
    demo = run_demo(tmp_path, "--camera", camera, "--seconds", "14", *fast)
    assert demo.returncode == 0, demo.stderr
    assert demo.stdout.splitlines()[0] == first_line
    for number, act in enumerate(ACTS, start=1):
        assert f"{number}. {act.title}" in demo.stdout
        assert f"vocabulary {number}, {len(act.vocabulary)} classes" in demo.stdout
    lines = [line for line in demo.stdout.splitlines() if "latency" in line]
    for version in range(1, len(ACTS) + 1):
        assert any(f"  v{version}  " in line for line in lines)
    assert any("floor" in line for line in lines)
    speed = re.search(SPEED, demo.stdout)
    assert speed and float(speed[1]) > 1

    rows = re.findall(r"^   (\D+) #\d+ +(?:\S+ +){6}(\S+) cm$", demo.stdout, re.MULTILINE)
    assert len(rows) >= len(ACTS) and np.median([float(apart) for _, apart in rows]) < 5
    summary = r"positions: (\S+) cm from the true ones \(median\), (\S+) cm \(90th percentile\)"
    median, most = map(float, re.search(summary, demo.stdout).groups())
    assert 0 <= median < 5 and median <= most < 50
    clouds = sorted(tmp_path.glob("*_cloud.png"))
    assert len(clouds) == len(ACTS)
    for cloud in clouds:
        beside, above = np.hsplit(np.array(Picture.open(cloud)), 2)
        assert beside.shape == above.shape == (620, 960, 3)
        for view in (beside, above):  # points and titles on a dark ground
            assert 0.2 < (view.max(axis=2) > 60).mean() < 0.95 and (view.min(axis=2) > 240).any()

    pictures = sorted(set(tmp_path.glob("*.png")) - set(clouds))
    assert len(pictures) == 3 * len(ACTS)
    camera, overlay = np.hsplit(np.array(Picture.open(pictures[0]))[-480:], 2)
    assert camera.shape == overlay.shape == (480, 640, 3)
    assert (camera != overlay).any(axis=2).mean() > 0.5
    video = cv2.VideoCapture(str(tmp_path / "demo.mp4"))
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    assert 8 < seconds < 60
    assert video.read()[0]


def test_a_demo_that_publishes_nothing_fails_and_says_why(tmp_path):
    demo = run_demo(tmp_path, "--camera", "recorded", "--checkpoint", "/no/such/weights.safetensors")
    assert demo.returncode == 1
    assert "/no/such/weights.safetensors" in demo.stderr


@pytest.mark.slow
def test_an_engine_that_cannot_be_built_is_replaced_by_torch(tmp_path, monkeypatch, capsys):
    (tmp_path / "openvino.py").write_text(
        "__version__ = '0'\ndef convert_model(program): raise RuntimeError('no memory left')\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ['PYTHONPATH']}")
    show_speed(checkpoint="", vocabulary=("mug", "floor|stuff"), backend="openvino", seconds=1.0)
    told = capsys.readouterr().out
    reason = "OpenVINO (fp32|bf16) engine failed: RuntimeError: no memory left; using torch fp32 instead"
    assert re.search(reason, told) and re.search(SPEED, told)


def test_where_there_is_no_rate_at_all_the_demo_says_why_and_succeeds(monkeypatch, capsys):
    def no_graph(camera, node):
        raise ProgramFailure(f"the node ended:\n[ERROR] cannot configure: no {node['backend']} here\nbye")

    monkeypatch.setattr(demo_speed, "replayed_graph", no_graph)
    monkeypatch.setattr("eovseg_ros.demo.play._play_acts", lambda *arguments: 0)
    assert demo_main(["--camera", "recorded", "--output", ".", "--fast-backend", "openvino"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.search("OpenVINO .* engine failed: no openvino here; using torch fp32 instead", lines[-4])
    assert lines[-3] == "   no frame rate measured: no torch here"
    assert lines[-2:] == ["", "make play: type your own words into a page and see them live"]


def test_the_reason_of_a_failed_engine_is_what_the_node_says_of_it():
    probe = object.__new__(LatencyProbe)
    probe.statuses, probe.backend = [], None
    assert not probe.settled
    engine = {"backend": "openvino", "precision": "bf16"}
    for stage in (Status.ENGINE_WAITING, Status.ENGINE_BUILDING):
        probe.keep_status(Status(**engine, engine_stage=stage))
        assert not probe.settled
    for stage in (Status.ENGINE_READY, Status.ENGINE_NONE, Status.ENGINE_TOO_LARGE):
        probe.keep_status(Status(**engine, engine_stage=stage))
        assert probe.settled
    failed = Status(**engine, engine_stage=Status.ENGINE_FAILED, engine_error="ValueError: NaN on 3 pixels")
    probe.keep_status(failed)
    with pytest.raises(BackendFailure) as error:
        _ = probe.settled
    assert str(error.value) == "openvino bf16 engine failed: ValueError: NaN on 3 pixels"
    assert reason_of(error.value) == "ValueError: NaN on 3 pixels"


def test_the_camera_is_simulated_where_pybullet_can_be_imported(monkeypatch):
    monkeypatch.setattr(demo_camera, "why_no_pybullet", lambda: "")
    for wanted in ("auto", "sim"):
        camera = choose_camera(wanted, rate=5.0, seed=7)
        assert camera.module == "eovseg_ros.simulation.sim_camera"
        assert camera.parameters.items() > {"rate": 5.0, "seed": 7}.items()
    monkeypatch.setattr(demo_camera, "why_no_pybullet", lambda: "PyBullet is not installed")
    for wanted in ("auto", "recorded"):
        camera = choose_camera(wanted, rate=5.0, seed=7)
        assert (camera.module, camera.parameters) == ("eovseg_ros.simulation.recorded_camera", {"rate": 5.0})
    assert (
        choose_camera("auto", rate=5.0, seed=7).title
        == "PyBullet is not installed: playing a recorded camera"
    )
    with pytest.raises(ValueError, match="--camera sim is not available: PyBullet is not installed"):
        choose_camera("sim", rate=5.0, seed=7)


def test_why_pybullet_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(demo_camera, "find_spec", lambda name: None)
    for version, reason in (
        ((3, 11), "PyBullet is not installed"),
        ((3, 12), "PyBullet has no wheel for Python 3.12"),
        ((3, 13), "PyBullet has no wheel for Python 3.13"),
    ):
        monkeypatch.setattr(demo_camera.sys, "version_info", version)
        assert why_no_pybullet() == reason
    monkeypatch.setattr(demo_camera, "find_spec", lambda name: "something")
    (tmp_path / "pybullet.py").write_text("raise ImportError('libGL is missing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert why_no_pybullet() == "PyBullet cannot be imported (ImportError: libGL is missing)"
    (tmp_path / "pybullet.py").write_text("")
    assert why_no_pybullet() == ""


def test_latencies_are_summed_up_by_ten_seconds(capsys):
    arrivals = [100 + i / 10 for i in range(250)]  # 10 Hz from the moment 100 on
    latencies = [50.0] * 100 + [80.0] * 95 + [200.0] * 5 + [60.0] * 50
    assert slice_medians(arrivals, latencies, 100.0, 25.0) == pytest.approx([50, 80, 60])
    header, first, second, third = capsys.readouterr().out.splitlines()
    assert first.split() == ["0-10", "10.0", "50.0", "50.0"]
    assert second.split()[:3] == ["10-20", "10.0", "80.0"]
    assert third.split() == ["20-25", "10.0", "60.0", "60.0"]


def test_a_slice_without_frames_has_infinite_latency():
    assert slice_medians([], [], 0.0, 10.0) == [math.inf]


def status(ros_path, waiting, replaced, overlay=math.nan):
    return CameraStatus(
        model_time=50.0, ros_path_time=ros_path, waiting_time=waiting, overlay_time=overlay, replaced=replaced
    )


def test_the_nodes_own_times_are_medians_of_its_statuses():
    statuses = [status(math.nan, math.nan, 4), status(9.0, 1.0, 4), status(7.0, 2.0, 4, 12.0)]
    assert node_times(statuses) == NodeTimes(50.0, 8.0, 1.5, 12.0, busy=False)
    assert node_times([status(9.0, 1.0, 4), status(9.0, 1.0, 5)]).busy
    assert math.isnan(node_times([]).model)


@pytest.mark.parametrize(
    ("times", "good"),
    [
        (NodeTimes(50.0, 8.0, 3.0, 10.0, busy=False), True),
        (NodeTimes(50.0, 9.0, 3.0, 10.0, busy=False), False),  # too much is added
        (NodeTimes(50.0, 25.0, 17.0, 10.0, busy=True), True),  # waiting for a busy model is no addition
        (NodeTimes(50.0, 56.0, 51.0, 10.0, busy=True), False),  # but it waited longer than an inference takes
        (NodeTimes(*[math.nan] * 4, busy=False), False),
    ],
)
def test_the_verdicts_on_the_ros_path(times, good):
    assert verdicts(times) == good
