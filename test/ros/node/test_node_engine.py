"""An engine that is built while the node runs, over real DDS."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from graph import image_publisher

from eovseg_ros.msg import PanopticSegmentation, Status


def test_frames_go_on_while_an_engine_is_built(graph, start, tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path / "cache"))
    statuses = graph.collect(Status, "/eovseg/status")
    segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
    parameters = {"backend": "openvino", "diagnostics_rate": 10.0}
    node = start("eovseg_ros.node.main", parameters=parameters)
    node.wait_for_log("segmenting /image", 60)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    rgb = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    counts = {}  # frames published, by what the status said of the engine then

    def ready():
        publisher.publish(graph.picture(rgb))
        stage = statuses[-1].engine_stage if statuses else Status.ENGINE_NONE
        counts.setdefault(stage, set()).add(len(segments))
        time.sleep(0.2)  # the build takes seconds, and needs the machine, too
        assert stage != Status.ENGINE_FAILED, statuses[-1].engine_error
        return stage == Status.ENGINE_READY and len(counts[stage]) > 3

    graph.wait(ready, 240, "an engine")  # frames take precedence on a busy machine
    assert len(counts.get(Status.ENGINE_BUILDING, ())) > 3, "no frames while the engine was built"
    building = [status for status in statuses if status.engine_stage == Status.ENGINE_BUILDING]
    assert {(status.backend, status.serving) for status in building} == {("openvino", "torch")}
    assert building[0].engine_seconds < building[-1].engine_seconds <= statuses[-1].engine_seconds
    assert statuses[-1].serving == "openvino" and statuses[-1].cameras[0].failed_frames == 0
    assert node.log.count("backend openvino fp32: engine ready") == 1


def builds_of(pid):
    """The processes that build an engine for a node."""
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"engines.build_process" in read(path) and read(path).split(b"\0")[-3] == str(pid).encode()
    ]


def read(path):
    try:
        return path.read_bytes()
    except OSError:  # the process has ended
        return b""


def test_a_build_ends_with_the_node(graph, start, tmp_path, monkeypatch):
    """Once by SIGINT, within 2 s, and once when the node is killed."""
    pytest.importorskip("openvino")
    monkeypatch.setenv("EOVSEG_CACHE", str(tmp_path / "cache"))
    publisher = image_publisher(graph)
    picture = graph.picture(np.zeros((96, 128, 3), np.uint8))
    for number in (signal.SIGINT, signal.SIGKILL):
        node = start("eovseg_ros.node.main", parameters={"backend": "openvino"})
        node.wait_for_log("segmenting /image", 60)
        graph.wait_for_subscribers(publisher)

        def building(node=node):
            publisher.publish(picture)
            time.sleep(0.05)
            return builds_of(node.pid)

        graph.wait(building, 60, "a build")
        os.kill(node.pid, number)
        assert node.wait(2.5) == (0 if number == signal.SIGINT else -number)
        graph.wait(lambda node=node: not builds_of(node.pid), 2, "the end of the build")


def test_a_failed_engine_is_an_error_in_the_log_and_a_warning_in_diagnostics(graph, start_fake):
    reports = graph.collect_diagnostics()
    node = start_fake(diagnostics_rate=10.0)
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)

    def report_of(blue, words):
        rgb = np.zeros((60, 80, 3), np.uint8)
        rgb[0, 0, 2] = blue

        def reported():
            publisher.publish(graph.picture(rgb))
            time.sleep(0.05)
            return reports and words in reports[-1]["backend"] and reports[-1]

        return graph.wait(reported, what=words)

    assert report_of(1, "building")["level"] == b"\x00"
    failed = report_of(3, "failed")
    assert failed["level"] == b"\x01"
    assert failed["message"] == (
        "backend fake fp32: engine failed: RuntimeError: no compiler; torch is used instead"
    )
    assert report_of(2, "ready")["level"] == b"\x00"
    time.sleep(0.5)
    (error,) = [line for line in node.log.splitlines() if "no compiler" in line]
    assert error.startswith("[ERROR]")
    (ready,) = [line for line in node.log.splitlines() if "fp32: engine ready" in line]
    assert ready.startswith("[INFO]")
