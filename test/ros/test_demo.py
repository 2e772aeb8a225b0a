"""The demo, shortened, and what it leaves behind; the arithmetic of the latency benchmark."""

import math
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from eovseg_ros.demo import ACTS
from eovseg_ros.latency_benchmark import NodeTimes, node_times, slice_medians, verdicts


def run_demo(folder, *arguments):
    pytest.importorskip("pybullet")
    command = [sys.executable, "-m", "eovseg_ros.demo", "--output", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_demo_tells_what_happens_and_leaves_pictures_and_a_video(tmp_path):
    demo = run_demo(tmp_path, "--seconds", "10", "--fast-seconds", "2", "--fast-backend", "torch")
    assert demo.returncode == 0, demo.stderr
    for number, act in enumerate(ACTS, start=1):
        assert f"{number}. {act.title}" in demo.stdout
        assert f"vocabulary {number}, {len(act.vocabulary)} classes" in demo.stdout
    lines = [line for line in demo.stdout.splitlines() if "latency" in line]
    for version in range(1, len(ACTS) + 1):
        assert any(f"  v{version}  " in line for line in lines)
    assert any("floor" in line for line in lines)
    speed = re.search(r"out (\S+) Hz at 320x240 with the camera at 40 Hz, .* torch fp32 on cpu", demo.stdout)
    assert speed and float(speed[1]) > 1

    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 3 * len(ACTS)
    camera, overlay = np.hsplit(np.array(Picture.open(pictures[0]))[-480:], 2)
    assert camera.shape == overlay.shape == (480, 640, 3)
    assert (camera != overlay).any(axis=2).mean() > 0.5
    video = cv2.VideoCapture(str(tmp_path / "demo.mp4"))
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / video.get(cv2.CAP_PROP_FPS)
    assert 8 < seconds < 60
    assert video.read()[0]


def test_a_demo_that_publishes_nothing_fails_and_says_why(tmp_path):
    demo = run_demo(tmp_path, "--checkpoint", "/no/such/weights.safetensors")
    assert demo.returncode == 1
    assert "/no/such/weights.safetensors" in demo.stderr


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


def report(ros_path, waiting, dropped, overlay="nan"):
    return {
        "model time, median (ms)": "50.0",
        "ROS path, median (ms)": ros_path,
        "of it waiting, median (ms)": waiting,
        "overlay drawing, median (ms)": overlay,
        "dropped, replaced by a newer one": dropped,
    }


def test_the_nodes_own_times_are_medians_of_its_reports():
    reports = [report("nan", "nan", "4"), report("9.0", "1.0", "4"), report("7.0", "2.0", "4", "12.0")]
    assert node_times(reports) == NodeTimes(50.0, 8.0, 1.5, 12.0, busy=False)
    assert node_times([report("9.0", "1.0", "4"), report("9.0", "1.0", "5")]).busy
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
