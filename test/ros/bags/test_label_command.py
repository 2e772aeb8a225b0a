"""`eovseg-bags label` as a program, with a stand-in for the model."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bag_files import counting, write_bag
from test_labelling import moving, of, read

from eovseg_ros.bags.reading.bag import open_bag

FAKE = [sys.executable, str(Path(__file__).parent / "fake_labeller.py"), "label"]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
}
WORDS = ["--vocabulary", "cup", "ball", "floor|stuff"]


def run(*arguments, program=FAKE, **options):
    """The finished process, and the summary if there is one."""
    words = [str(word) for word in (*program, *arguments)]
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, **options)
    out = Path(arguments[arguments.index("--out") + 1]) if "--out" in arguments else Path("none")
    return done, json.loads((out / "summary.json").read_text()) if (out / "summary.json").exists() else None


def start(*arguments, **options):
    """The process that has just been started."""
    words = [str(word) for word in (*FAKE, *arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, env=ENVIRONMENT, **options)


def raw(path):
    """(topic, time, bytes) of all messages."""
    with open_bag(path) as bag:
        return list(bag.messages(bag.topics))


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def bag(tmp_path):
    return write_bag(tmp_path / "bag", moving(120))


def test_a_bag_is_labelled_once(bag, tmp_path):
    arguments = [bag, "--image-topic", "/image", "--out", tmp_path / "out", *WORDS]
    done, summary = run(*arguments)
    assert (done.returncode, summary["complete"]) == (0, 1), done.stderr
    assert done.stdout == f"1 of 1 bags complete, 120 frames; {tmp_path}/out/summary.json has the details\n"
    (entry,) = summary["bags"]
    assert (entry["status"], entry["frames"], entry["output"]) == (
        "labelled",
        120,
        str(tmp_path / "out/bag_labels.mcap"),
    )
    found, metadata = read(tmp_path / "out/bag_labels.mcap")
    assert len(of(found, "/eovseg/segments")) == 120
    assert metadata["eovseg"]["command"].startswith("eovseg-bags label /")
    done, summary = run(*arguments)
    assert (done.returncode, summary["bags"][0]["status"]) == (0, "skipped")


def test_a_killed_run_continues_and_equals_an_undisturbed_one(bag, tmp_path):
    arguments = [bag, "--image-topic", "/image", "--out", "out", *WORDS]
    for name in "ab":
        (tmp_path / name).mkdir()
    run(*arguments, cwd=tmp_path / "a")
    (tmp_path / "b/out").mkdir()
    (tmp_path / "b/out/summary.json").write_text("of a run before")
    state = tmp_path / "b/out/bag_labels.mcap.state"
    before = 0
    for chunks in (1, 2):
        process = start(*arguments, cwd=tmp_path / "b")
        wait_for(lambda: state.exists() and state.stat().st_mtime_ns > before)  # noqa: B023
        time.sleep(0.05 * chunks)
        process.kill()
        process.communicate()
        before = state.stat().st_mtime_ns
        assert not (tmp_path / "b/out/summary.json").exists()
        assert not (tmp_path / "b/out/bag_labels.mcap").exists()
    done, _ = run(*arguments, cwd=tmp_path / "b")
    assert done.returncode == 0
    one, other = ((tmp_path / name / "out/bag_labels.mcap").read_bytes() for name in "ab")
    assert one == other
    assert sorted(path.name for path in (tmp_path / "b/out").iterdir()) == ["bag_labels.mcap", "summary.json"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGINT, "1"), (signal.SIGTERM, "2")])
def test_an_interrupted_run_says_what_is_left(tmp_path, number, jobs):
    bags = [write_bag(tmp_path / name, moving(200)) for name in ("one", "two", "three")]
    arguments = [*bags, "--image-topic", "/image", "--out", tmp_path / "out", "--jobs", jobs, *WORDS]
    process = start(*arguments)
    wait_for((tmp_path / "out/one_labels.mcap.state").exists)
    process.send_signal(number)
    _, error = process.communicate(timeout=10)
    assert process.returncode in (0, 130) and "Traceback" not in error, error
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["error"] == "interrupted" and len(summary["not_begun_or_not_finished"]) == 3
    done, summary = run(*arguments)
    assert (done.returncode, summary["complete"]) == (0, 3)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "3"])
def test_bad_bags_do_not_stop_the_others(tmp_path, jobs):
    good = [write_bag(tmp_path / f"good{i}", moving(10)) for i in range(4)]
    (tmp_path / "torn.mcap").write_bytes(b"nothing")
    messages = moving(5)
    messages[2][2].encoding = "nonsense"
    odd = write_bag(tmp_path / "odd", messages)
    bags = [good[0], tmp_path / "torn.mcap", odd, *good[1:], tmp_path / "missing"]
    done, summary = run(*bags, "--image-topic", "/image", "--out", tmp_path / "out", "--jobs", jobs, *WORDS)
    assert done.returncode == 1 and summary["complete"] == 4
    found = {Path(entry["bag"]).name: entry for entry in summary["bags"]}
    assert list(found) == [bag.name for bag in bags]
    assert found["torn.mcap"]["status"] == found["missing"]["status"] == "failed"
    assert (found["odd"]["status"], found["odd"]["frames"]) == ("labelled", 4)
    assert f"eovseg-bags: {tmp_path}/missing: failed: {tmp_path}/missing does not exist\n" in done.stderr
    assert f"eovseg-bags: {odd}: 1 images skipped: /image: cannot read encoding 'nonsense'" in done.stderr
    assert all(found[path.name]["frames"] == 10 for path in good)


@pytest.mark.slow
def test_several_processes_give_the_same_files(tmp_path):
    bags = [write_bag(tmp_path / name, moving(40, first=i)) for i, name in enumerate("abc")]
    for jobs in ("1", "2"):
        fixed = ["--image-topic", "/image", "--out", tmp_path / jobs, "--jobs", jobs, *WORDS]
        assert run(*bags, *fixed)[0].returncode == 0
    for name in "abc":
        one, two = (raw(tmp_path / jobs / f"{name}_labels.mcap") for jobs in ("1", "2"))
        assert one == two


@pytest.mark.slow
def test_a_process_that_is_killed_costs_its_bag_and_no_other(tmp_path):
    bags = [write_bag(tmp_path / f"bag{i}", moving(150)) for i in range(4)]
    arguments = [*bags, "--image-topic", "/image", "--out", tmp_path / "out", "--jobs", "2", *WORDS]
    process = start(*arguments)
    wait_for((tmp_path / "out/bag0_labels.mcap.state").exists)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [c for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
    assert len(workers) == 2
    os.kill(int(workers[0]), signal.SIGKILL)
    _, error = process.communicate(timeout=60)
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert process.returncode == 1 and summary["complete"] == 3
    (lost,) = [entry for entry in summary["bags"] if entry["status"] == "failed"]
    assert lost["error"] == "its process was ended by signal SIGKILL; the same command continues it"
    assert f"{lost['bag']}: failed: its process was ended by signal SIGKILL" in error
    assert run(*arguments)[1]["complete"] == 4


@pytest.mark.slow
@pytest.mark.parametrize("words", ["too much", "no model"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_model_that_cannot_be_loaded_ends_the_run(tmp_path, words, jobs):
    if (words, jobs) == ("too much", "1"):
        pytest.skip("the program itself is killed")
    bags = [write_bag(tmp_path / f"bag{i}", counting(2)) for i in range(3)]
    fixed = ["--image-topic", "/image", "--out", tmp_path / "out", "--jobs", jobs]
    done, summary = run(*bags, *fixed, "--vocabulary", words)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    if words == "no model":
        assert "eovseg-bags: " in done.stderr and "there is no such model" in done.stderr
    else:
        assert [entry["status"] for entry in summary["bags"]] == ["failed"] * 3


@pytest.mark.slow
def test_a_full_disk_ends_the_run_with_one_clear_error(bag, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20k", "none", small], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    arguments = [bag, "--image-topic", "/image", "--out", small, "--raw", *WORDS]
    try:
        done, _ = run(*arguments)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert f"eovseg-bags: no space left on the disk while labelling {bag} into {small}" in done.stderr
        assert not (small / "bag_labels.mcap").exists()
        subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
        done, summary = run(*arguments)
        assert (done.returncode, summary["bags"][0]["frames"]) == (0, 120), done.stderr
        run(bag, "--image-topic", "/image", "--out", tmp_path / "out", "--raw", *WORDS)
        assert raw(small / "bag_labels.mcap") == raw(tmp_path / "out/bag_labels.mcap")
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "the following arguments are required: --image-topic"),
        (["--image-topic", "/a", "--every", "0"], "must be at least 1, got 0"),
        (["--image-topic", "/a", "--rate", "x"], "invalid number value: 'x'"),
        (["--image-topic", "/a", "--rate", "inf"], "--rate: must be a finite number, at least 0, got inf"),
        (["--image-topic", "/a", "--end", "inf"], "--end: must be a finite number, at least 0, got inf"),
        (["--image-topic", "/a", "--smoothing", "nan"], "must be at least 0 and at most 0.99, got nan"),
        (["--image-topic", "front="], "a topic is empty: write it as in --image-topic /front/image_raw"),
        (["--image-topic", "/a", "--start", "3", "--end", "2"], "--end 2 is not after --start 3"),
        (
            ["--image-topic", "/a", "--depth-topic", "/b", "--depth-topic", "/c"],
            "1 times --image-topic and 2",
        ),
    ],
)
def test_wrong_arguments(bag, tmp_path, arguments, reason):
    done, _ = run(bag, "--out", tmp_path / "out", *arguments)
    assert done.returncode == 2 and reason in done.stderr


@pytest.mark.slow
def test_a_bag_that_is_given_twice_or_is_a_result(bag, tmp_path):
    fixed = ["--image-topic", "/image", "--out", tmp_path / "out"]
    done, _ = run(bag, bag, *fixed)
    assert done.returncode == 2 and f"the same bag is given twice: {bag}" in done.stderr
    done, _ = run(tmp_path / "x_labels.mcap", *fixed)
    assert done.returncode == 2 and "has results of eovseg-bags" in done.stderr


@pytest.mark.slow
def test_a_file_in_the_place_of_the_folder(bag, tmp_path):
    (tmp_path / "out").touch()
    for out in (tmp_path / "out", tmp_path / "out/below"):
        done, _ = run(bag, "--image-topic", "/image", "--out", out)
        assert done.returncode == 2 and f"--out {out}: a file is in the place of this folder" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_summary_is_that_of_the_last_run(tmp_path, jobs):
    bags = [write_bag(tmp_path / name, moving(2)) for name in "ab"]
    arguments = [*bags, "--image-topic", "/image", "--out", tmp_path / "out", "--jobs", jobs]
    assert run(*arguments, *WORDS)[1]["complete"] == 2
    done, summary = run(*arguments, "--vocabulary", "no model")
    assert done.returncode == 1 and done.stderr == "eovseg-bags: there is no such model\n"
    assert (summary["complete"], summary["bags"]) == (0, []) and summary["error"] == "there is no such model"
    assert len(summary["not_begun_or_not_finished"]) == 2


@pytest.mark.slow
def test_processes_end_with_a_program_that_is_killed(tmp_path):
    bags = [write_bag(tmp_path / name, moving(300)) for name in "ab"]
    process = start(*bags, "--image-topic", "/image", "--out", tmp_path / "out", "--jobs", "2", *WORDS)
    wait_for((tmp_path / "out/a_labels.mcap.state").exists)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.communicate()  # ends when nobody has its pipes
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children), seconds=2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_is_no_success(bag, tmp_path, number):
    words = [sys.executable, "-m", "eovseg_ros.bags.program", "label", bag, "--image-topic", "/image"]
    words = [str(word) for word in (*words, "--out", tmp_path / "out")]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    status = Path(f"/proc/{process.pid}/status")
    caught = 1 << (number - 1)
    wait_for(lambda: int(re.search(r"SigCgt:\s*(\w+)", status.read_text())[1], 16) & caught)
    time.sleep(0.1)
    process.send_signal(number)
    _, error = process.communicate(timeout=10)
    assert process.returncode == 130 and "Traceback" not in error


def test_it_needs_no_ros(bag, tmp_path):
    """The real program and model, in a process where every import of ROS fails."""
    blocker = tmp_path / "blocked"
    for name in ("rclpy", "sensor_msgs", "std_msgs", "builtin_interfaces", "geometry_msgs", "rosidl_parser"):
        (blocker / name).mkdir(parents=True)
        (blocker / name / "__init__.py").write_text("raise ImportError('there is no ROS here')\n")
    path = os.pathsep.join([str(blocker), ENVIRONMENT["PYTHONPATH"]])
    program = [sys.executable, "-m", "eovseg_ros.bags.program", "label"]
    words = [*program, bag, "--image-topic", "/image", "--out", tmp_path / "out", "--limit", "2"]
    done = subprocess.run(
        [str(word) for word in words],
        env=ENVIRONMENT | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found, metadata = read(tmp_path / "out/bag_labels.mcap")
    assert len(of(found, "/eovseg/segments")) == 2
    assert len(metadata["eovseg"]["weights_sha256"]) == 64
