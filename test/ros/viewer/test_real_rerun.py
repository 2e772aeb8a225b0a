"""rerun-sdk itself, where it is installed: it takes what the stand-in takes, and writes what is logged."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from graph import RELIABLE, squares
from sensor_msgs.msg import CameraInfo, Image

from eovseg_ros.messages import array_to_image

FOLDER = Path(__file__).parent
pytestmark = pytest.mark.usefixtures("real_rerun")


def test_every_parameter_of_the_stand_in_is_one_of_rerun():
    command = [sys.executable, str(FOLDER / "compare_with_rerun.py"), str(FOLDER / "stand_in")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) > 30 and [line for line in lines if not line.endswith(" []")] == []


def test_a_recording_has_every_entity(graph, start_fake, tmp_path):
    start_fake(use_depth=True, diagnostics_rate=10.0)
    done = threading.Event()
    make = graph.node.create_publisher
    image, depth = make(Image, "/image", RELIABLE), make(Image, "/depth", RELIABLE)
    info = make(CameraInfo, "/camera_info", RELIABLE)

    def feed():
        k = [80.0, 0.0, 39.5, 0.0, 80.0, 29.5, 0.0, 0.0, 1.0]
        while not done.wait(0.1):
            message = graph.picture(squares((3, 0), (7, 1)))
            info.publish(CameraInfo(header=message.header, width=80, height=60, k=k))
            depth.publish(array_to_image(np.full((60, 80), 2000, np.uint16), "16UC1", message.header))
            image.publish(message)

    thread = threading.Thread(target=feed)
    thread.start()
    file = tmp_path / "recording.rrd"
    command = [sys.executable, "-m", "eovseg_ros.cli.program", "rerun", "--save", str(file)]
    strict = os.environ | {"RERUN_STRICT": "1"}  # a wrong argument raises instead of warning
    with subprocess.Popen(command, env=strict, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            graph.wait(
                lambda: process.poll() is not None or (file.exists() and file.stat().st_size > 200_000), 40
            )
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=10)
        finally:
            done.set()
            thread.join()
            process.kill()
    assert (process.returncode, err.decode()) == (0, "")
    printed = subprocess.run(
        [sys.executable, "-m", "rerun_cli", "rrd", "print", str(file)], capture_output=True, text=True
    ).stdout
    components = {}
    for path, names in re.findall(r" - (/\S+) - data columns: \[(.*)\]", printed):
        components.setdefault(path, set()).update(names.split())
    assert "AnnotationContext:context" in components["/camera"]
    assert "EncodedImage:blob" in components["/camera/pose/image/rgb"]
    assert "SegmentationImage:buffer" in components["/camera/pose/image/labels"]
    assert {"Boxes2D:labels", "Boxes2D:colors"} <= components["/camera/pose/image/boxes"]
    assert {"Boxes3D:labels", "Boxes3D:half_sizes"} <= components["/camera/boxes"]
    assert "Pinhole:image_from_camera" in components["/camera/pose/image"]
    assert "Transform3D:mat3x3" in components["/camera/pose"]
    assert {"Points3D:positions", "Points3D:colors"} <= components["/camera/points"]
    assert "Scalars:scalars" in components["/camera/rate"] & components["/camera/latency"]
    assert "TextLog:text" in components["/log"]
