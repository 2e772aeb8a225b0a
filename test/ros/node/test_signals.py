"""SIGINT and SIGTERM at any moment: one line, the end within 2 s, status 0, and nothing left on the graph."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from graph import image_publisher, squares

INT, TERM = signal.SIGINT, signal.SIGTERM
LONGEST = 2.5  # seconds; 2 and what a busy machine adds
# Before its first line runs, a process is not its own: this lets the test wait for that line.
PROGRAM = """
import importlib, os, sys
from eovseg_ros import processes
from eovseg_ros.processes import run_program

def first(body, say=None):
    def told(ending):
        os.write(3, b"x")
        return body(ending)
    run_program(told, say)

processes.run_program = first
module, _, name = sys.argv.pop(1).partition(":")
getattr(importlib.import_module(module), name)()
"""
NODE, FAKE = "eovseg_ros.node.main:main", "fake_program:main"
OTHERS = ["eovseg_ros.simulation.recorded_camera:main", "eovseg_ros.cli.program:main"]


def run_and_signal(target, words, *signals):
    """Send signals, (seconds after the program's first line, number); status, output, seconds."""
    reader, writer = os.pipe()
    moved = f'exec 3>&{writer}; exec "$@"'
    command = ["bash", "-c", moved, "-", sys.executable, "-c", PROGRAM, target, *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[writer]
    ) as process:
        os.close(writer)
        assert os.read(reader, 1) == b"x"
        os.close(reader)
        started = time.monotonic()
        for seconds, number in signals:
            time.sleep(max(0.0, started + seconds - time.monotonic()))
            sent = time.monotonic()
            process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    return process.returncode, output, time.monotonic() - sent


def check(target, words, *signals):
    status, output, seconds = run_and_signal(target, words, *signals)
    assert status == 0, output
    assert seconds < LONGEST, output
    assert output.count("ending within 2 s") == (target != OTHERS[1]), output
    for unwanted in ("Traceback", "Error", "ERROR", "Failed", "failed", "terminate", "never awaited"):
        assert unwanted not in output, output


def moments():
    chance = random.Random(5)
    for seconds in (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.0):
        yield seconds + chance.uniform(0, 0.02), chance.choice([INT, TERM])


@pytest.mark.parametrize(("seconds", "number"), moments())
@pytest.mark.parametrize("target", [NODE, FAKE, *OTHERS])
def test_a_signal_at_any_moment_of_the_start(target, seconds, number):
    words = ["echo"] if target == OTHERS[1] else []
    check(target, words, (seconds, number))


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 0.6, 1.0, 2.0])
def test_two_signals_together_are_one(seconds):
    check(NODE, [], (seconds, TERM), (seconds + 0.01, INT))


def end(graph, node, number=TERM):
    """Signal a node; it has to end within 2 s, by itself and off the graph."""
    names = graph.node.get_node_names
    graph.wait(lambda: "eovseg" in names(), what="the node on the graph")
    started = time.monotonic()
    os.kill(node.pid, number)
    assert node.wait(LONGEST) == 0
    assert time.monotonic() - started < LONGEST
    graph.wait(lambda: "eovseg" not in names(), 1.0, what="the end of the node on the graph")
    assert node.log.count("ending within 2 s") == 1
    for unwanted in ("Traceback", "ERROR", "Failed to publish", "never awaited"):
        assert unwanted not in node.log, node.log


def test_the_end_in_the_middle_of_a_long_inference(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "10")
    node = start_fake()
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    for _ in range(20):  # the subscription is made anew for a reliable publisher
        publisher.publish(graph.picture(squares((1, 0))))
        time.sleep(0.05)
    end(graph, node)


def test_the_end_in_the_middle_of_a_long_encoding(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_SLOW_SECONDS", "10")
    node = start_fake()
    assert graph.set("/eovseg", vocabulary=["slow mug"])[0].successful
    time.sleep(0.3)
    end(graph, node, INT)


@pytest.mark.parametrize(
    ("settings", "vocabulary"),
    [({"FAKE_LOAD_SECONDS": "10"}, ["mug"]), ({"FAKE_SLOW_SECONDS": "10"}, ["slow mug"])],
    ids=["load", "first encoding"],
)
def test_the_end_in_the_middle_of_the_configuration(graph, start, monkeypatch, settings, vocabulary):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    node = start("fake_node", parameters={"vocabulary": vocabulary})
    node.wait_for_log("loading variant", 20)
    time.sleep(0.3)
    end(graph, node)


def test_a_second_signal_later_does_not_wait_for_the_model(graph, start_fake, monkeypatch):
    monkeypatch.setenv("FAKE_SECONDS", "10")
    node = start_fake()
    publisher = image_publisher(graph)
    graph.wait_for_subscribers(publisher)
    for _ in range(20):  # the subscription is made anew for a reliable publisher
        publisher.publish(graph.picture(squares((1, 0))))
        time.sleep(0.05)
    node.interrupt()
    time.sleep(0.7)
    assert node.returncode is None
    os.kill(node.pid, TERM)
    assert node.wait(0.5) == 128 + TERM
    assert "Traceback" not in node.log


@pytest.mark.parametrize("number", [INT, TERM])
def test_the_demo_ends_with_its_processes(tmp_path, number):
    command = [sys.executable, "-m", "eovseg_ros.demo", "--camera", "recorded", "--output", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        while "live" not in (line := demo.stdout.readline()) and "vocabulary 1" not in line:
            assert line, "the demo ended"
        demo.send_signal(number)
        time.sleep(0.01)
        demo.send_signal(TERM)
        output, _ = demo.communicate(timeout=20)
    assert (demo.returncode, "Traceback" in output) == (130, False)
    for log in ("node.log", "camera.log"):
        assert "SIGINT: ending within 2 s" in (tmp_path / log).read_text()


@pytest.mark.parametrize("number", [INT, TERM])
def test_a_camera_leaves_the_graph(graph, start, number):
    camera = start("eovseg_ros.simulation.recorded_camera")
    names = graph.node.get_node_names
    graph.wait(lambda: "recorded_camera" in names(), what="the camera on the graph")
    time.sleep(0.5)
    os.kill(camera.pid, number)
    assert camera.wait(LONGEST) == 0
    graph.wait(lambda: "recorded_camera" not in names(), 1.0, what="its end on the graph")
    assert camera.log.count("ending within 2 s") == 1 and "Failed" not in camera.log
