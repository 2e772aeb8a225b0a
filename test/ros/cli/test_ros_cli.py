"""The commands of eovseg-ros against a running node."""

import importlib
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from graph import Graph, image_publisher, squares
from PIL import Image as Picture

from eovseg_ros.cli import main as cli
from eovseg_ros.cli.commands import watch
from eovseg_ros.cli.describe import describe_status
from eovseg_ros.msg import Status
from eovseg_ros.processes.child_process import ChildProcess


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A node that is fed with pictures until the tests are done."""
    log = tmp_path_factory.mktemp("cli") / "node.log"
    # Its ROS time stands still: nothing may depend on it.
    parameters = {"vocabulary": ["cup", "floor|stuff"], "diagnostics_rate": 10.0, "use_sim_time": True}
    done = threading.Event()
    with Graph() as graph, ChildProcess("fake_node", log, parameters=parameters) as node:
        node.wait_for_log("segmenting", 20)
        publisher = image_publisher(graph)

        def feed():
            while not done.wait(0.05):
                publisher.publish(graph.picture(squares((3, 0), (7, 1))))

        thread = threading.Thread(target=feed)
        thread.start()
        yield node
        done.set()
        thread.join()


def run(capsys, *arguments):
    status = cli.main(["--timeout", "15", *arguments])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_set_waits_until_the_vocabulary_is_live_and_get_prints_it(running, capsys):
    started = time.monotonic()
    status, out, _ = run(capsys, "vocabulary", "set", "slow mug,cup", "table|stuff")
    assert status == 0
    assert time.monotonic() - started > 3.0  # the stand-in's encoding
    assert out.splitlines()[1:] == ["    0  slow mug", "    1  table  (stuff)"]
    assert run(capsys, "vocabulary", "get") == (0, out, "")


def test_a_refused_vocabulary_is_an_error_with_the_reason(running, capsys):
    status, out, err = run(capsys, "vocabulary", "set", "mug", "mug")
    assert (status, out) == (1, "")
    assert "duplicate" in err


def test_a_vocabulary_that_cannot_be_encoded_is_an_error_with_the_reason(running, capsys):
    status, _, err = run(capsys, "vocabulary", "set", "broken mug")
    assert status == 1
    assert "the text tower tripped" in err
    assert run(capsys, "vocabulary", "set", "slow lamp")[0] == 0  # the failure before is not its own


@pytest.mark.parametrize("name", ["eovseg", "/eovseg"])
def test_the_name_of_the_node_needs_no_slash(running, capsys, name):
    status, _, err = run(capsys, "--node", name, "vocabulary", "set", "broken lamp")
    assert status == 1
    assert "the text tower tripped" in err


@pytest.mark.parametrize("name", ["my robot", "/a//b", "eovseg/", ""])
def test_a_name_that_no_node_can_have_is_a_clear_error(capsys, name):
    status, _, err = run(capsys, "--node", name, "vocabulary", "get")
    assert (status, err) == (
        1,
        f"eovseg-ros: --node must be a node's name, such as /robot/eovseg; got {name!r}\n",
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_echo_ends_quietly(number):
    command = [sys.executable, "-m", "eovseg_ros.cli.program", "echo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as echo:
        echo.stdout.readline()
        time.sleep(0.5)
        echo.send_signal(number)
        _, errors = echo.communicate(timeout=20)
    assert (echo.returncode, errors) == (0, "")


def test_echo_prints_a_line_a_frame(running, capsys):
    assert run(capsys, "vocabulary", "set", "mug", "wall|stuff")[0] == 0
    status, out, _ = run(capsys, "echo", "--count", "3")
    header, *lines = out.splitlines()
    assert status == 0
    assert header.split()[:3] == ["stamp", "version", "segments"]
    assert len(lines) == 3
    for line in lines:
        assert re.fullmatch(r"2 mug( #\d+)? 50%, wall 50%", " ".join(line.split()[2:]))
    assert re.search(r"mug #\d+ ", lines[-1])


def test_status_is_printed_once(running, capsys):
    assert run(capsys, "vocabulary", "set", "mug", "wall|stuff")[0] == 0
    status, out, _ = run(capsys, "status")
    lines = dict(re.split(r":\s+", line, maxsplit=1) for line in out.splitlines())
    assert status == 0
    assert list(lines) == ["state", "images", "rate", "latency", "backend", "device", "vocabulary"]
    assert (lines["state"], lines["backend"], lines["device"]) == ("active", "fake fp32", "cpu")
    assert re.fullmatch(
        r"/image, last 0\.\d s ago: \d+ received, \d+ published, .* 0 failed", lines["images"]
    )
    assert re.fullmatch(r"\d+\.\d Hz in, \d+\.\d Hz out", lines["rate"])
    assert re.match(r"p50 \d+\.\d ms, p90 \d+\.\d ms, p99 \d+\.\d ms; medians: model ", lines["latency"])
    assert re.fullmatch(r"version \d+, live", lines["vocabulary"])


def test_a_status_with_errors_says_them():
    text = describe_status(
        Status(
            state=Status.STATE_INACTIVE,
            backend="openvino",
            precision="bf16",
            serving="torch",
            engine_stage=Status.ENGINE_FAILED,
            engine_error="ValueError: no",
            device="cpu",
            vocabulary_version=4,
            vocabulary_state=Status.VOCABULARY_FAILED,
            vocabulary_error="cannot encode",
        )
    )
    assert text.splitlines() == [
        "state:            inactive",
        "backend:          openvino bf16: engine failed: ValueError: no; torch is used instead",
        "device:           cpu",
        "vocabulary:       version 4, the next one failed",
        "vocabulary error: cannot encode",
    ]
    assert describe_status(Status(state=Status.STATE_UNCONFIGURED)) == "state:            unconfigured"


@pytest.mark.parametrize(
    ("words", "program", "rest"),
    [
        (["demo", "--seconds", "3"], "eovseg_ros.demo.main", ["--seconds", "3"]),
        (["demo", "--help"], "eovseg_ros.demo.main", ["--help"]),
        (["benchmark", "latency", "--rate", "9"], "eovseg_ros.benchmarks.measure_latency", ["--rate", "9"]),
        (["benchmark", "depth", "--rate", "9"], "eovseg_ros.benchmarks.measure_depth_cost", ["--rate", "9"]),
        (["benchmark", "cameras"], "eovseg_ros.benchmarks.measure_cameras", []),
        (["benchmark", "discovery"], "eovseg_ros.benchmarks.measure_discovery", []),
        (["benchmark", "soak", "--frames", "9"], "eovseg_ros.benchmarks.measure_soak", ["--frames", "9"]),
    ],
)
def test_demo_and_benchmarks_get_their_arguments(monkeypatch, words, program, rest):
    given = []
    room, _, name = program.rpartition(".")
    monkeypatch.setattr(importlib.import_module(room), name, lambda arguments: given.append(arguments) or 7)
    assert cli.main(words) == 7
    assert given == [rest]


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (["demo"], "usage: eovseg-ros demo "),
        (["benchmark", "latency"], "usage: eovseg-ros benchmark latency "),
        (["benchmark", "discovery"], "usage: eovseg-ros benchmark discovery "),
    ],
)
def test_their_help_names_the_command(capsys, words, usage):
    with pytest.raises(SystemExit) as end:
        cli.main([*words, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(usage)


def test_other_commands_refuse_unknown_arguments(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["status", "--rate", "9"])
    assert end.value.code == 2
    assert "unrecognized arguments: --rate 9" in capsys.readouterr().err


def test_view_writes_overlays(running, capsys, tmp_path):
    folder = tmp_path / "new" / "folder"
    status, out, _ = run(capsys, "view", str(folder), "--count", "2")
    assert status == 0
    assert sorted(out.split()) == sorted(str(path) for path in folder.glob("*.png"))
    pictures = [np.array(Picture.open(path)) for path in out.split()]
    assert [p.shape for p in pictures] == [(60, 80, 3)] * 2


@pytest.mark.parametrize("place", ["file", "file/folder"])
def test_view_into_a_folder_that_cannot_be_made_is_a_clear_error(capsys, tmp_path, place):
    (tmp_path / "file").touch()
    status, out, err = run(capsys, "view", str(tmp_path / place))
    reason = "File exists" if place == "file" else "Not a directory"
    assert (status, out, err) == (1, "", f"eovseg-ros: {tmp_path / place}: {reason}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_view_on_a_full_disk_is_a_clear_error(running, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(watch, "_path_of", lambda folder, message: Path("/dev/full"))
    status, out, err = run(capsys, "view", str(tmp_path))
    assert (status, out) == (1, "")
    assert err == "eovseg-ros: /dev/full: No space left on device\n"


@pytest.mark.parametrize("name", ["front camera", "a//b", "1", "/"])
def test_a_name_that_no_camera_can_have_is_a_clear_error(capsys, name):
    status, out, err = run(capsys, "view", "/tmp", "--camera", name)
    reason = f"--camera must be the name of a camera, such as front; got {name!r}"
    assert (status, out, err) == (1, "", f"eovseg-ros: {reason}\n")


def test_segment_prints_the_segments_of_a_file_and_writes_the_overlay(running, capsys, tmp_path):
    assert run(capsys, "vocabulary", "set", "mug", "wall|stuff")[0] == 0
    rgb = squares((3, 0), (7, 1))
    rgb[30:40, 5:45, :2] = 9, 0
    path, overlay = tmp_path / "table.png", tmp_path / "overlay.png"
    Picture.fromarray(rgb).save(path)
    status, out, err = run(capsys, "segment", str(path), "--out", str(overlay))
    assert (status, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [
        ["id", "pixels", "share", "score", "name"],
        ["9", "400", "8.3%", "50%", "mug"],
        ["3", "100", "2.1%", "50%", "mug"],
        ["7", "100", "2.1%", "50%", "wall", "(stuff)"],
    ]
    drawn = np.array(Picture.open(overlay))
    assert drawn.shape == rgb.shape and (drawn[35, 20] != rgb[35, 20]).any()
    assert (drawn[55, 70] == rgb[55, 70]).all()


def test_segment_with_a_vocabulary_of_its_own(running, capsys, tmp_path):
    path = tmp_path / "table.png"
    Picture.fromarray(squares((3, 0), (7, 1))).save(path)
    status, out, _ = run(capsys, "segment", str(path), "--vocabulary", "bowl,dish", "table|stuff")
    assert status == 0 and [line.split()[4:] for line in out.splitlines()[1:]] == [
        ["bowl"],
        ["table", "(stuff)"],
    ]
    status, out, err = run(capsys, "segment", str(path), "--vocabulary", "mug", "mug")
    assert (status, out) == (1, "") and err.startswith("eovseg-ros: 'vocabulary' refused: ")


@pytest.mark.parametrize("name", ["none.png", "text.png", "."])
def test_segment_of_a_file_that_is_no_image_is_a_clear_error(capsys, tmp_path, name):
    (tmp_path / "text.png").write_text("no image")
    status, out, err = run(capsys, "segment", str(tmp_path / name))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"eovseg-ros: cannot read {tmp_path / name}: ")


def test_an_overlay_that_cannot_be_written_is_a_clear_error(running, capsys, tmp_path):
    path, overlay = tmp_path / "table.png", tmp_path / "none" / "overlay.png"
    Picture.fromarray(squares((3, 0))).save(path)
    status, _, err = run(capsys, "segment", str(path), "--out", str(overlay))
    assert (status, err) == (1, f"eovseg-ros: {overlay}: No such file or directory\n")


def test_disable_and_enable(running, capsys):
    assert run(capsys, "disable") == (0, "the node is inactive\n", "")
    assert run(capsys, "disable") == (0, "the node was inactive already\n", "")
    assert run(capsys, "enable") == (0, "the node is active\n", "")


@pytest.mark.parametrize(
    ("words", "service"),
    [(["enable"], "enable"), (["disable"], "enable"), (["vocabulary", "set", "mug"], "set_vocabulary")],
)
def test_a_node_without_the_service_is_a_clear_error(capsys, words, service):
    assert cli.main(["--node", "/old", "--timeout", "0.5", *words]) == 1
    assert f"there is no service /old/{service}: is the node running, and of" in capsys.readouterr().err


def test_echo_into_head_ends_with_it(running):
    command = f"set -o pipefail; {sys.executable} -m eovseg_ros.cli.program echo | head -n 2"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 2


def test_output_that_cannot_be_written_is_a_clear_error(running):
    command = [sys.executable, "-m", "eovseg_ros.cli.program", "status"]
    with open("/dev/full", "w") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "No space left on device" in result.stderr


def test_without_a_node_there_is_a_clear_error(capsys):
    assert cli.main(["--node", "/nobody", "--timeout", "0.5", "status"]) == 1
    assert "no status from /nobody: is the node running?" in capsys.readouterr().err
    assert cli.main(["--node", "/nobody", "--timeout", "0.5", "vocabulary", "get"]) == 1
    assert "no vocabulary from /nobody: is the node running?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["-r", "image"], ["--nothing"], ["-p", "vocabulary:=[@lvis]"]])
def test_ros_arguments_that_do_not_parse_are_explained_in_one_line(capfd, words):
    assert cli.main(["echo", "--ros-args", *words]) == 1
    output, errors = capfd.readouterr()
    (line,) = errors.splitlines()
    assert output == "" and line.startswith("eovseg-ros: ") and words[0] in line
