"""Bags on a Ray cluster of two nodes, with a stand-in for the model."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import fake_cluster
import pytest
from bag_files import write_bag
from cluster_run import Run, contents
from test_labelling import moving, of, read

from eovseg_ros.bags.cluster.run_on_cluster import connect
from eovseg_ros.bags.errors import DiskFull
from eovseg_ros.bags.labelling.report import Status

ray = pytest.importorskip("ray", reason="Ray is not installed; pip install 'ray>=2.60'")
HERE = Path(__file__).parent
slow = pytest.mark.slow  # every worker is a process that imports PyTorch


@pytest.fixture(scope="module")
def nodes():
    """A cluster of two nodes with a CPU each, for all tests of this file."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        folders = [str(HERE), str(HERE.parent), str(HERE.parents[1])]
        patch.setenv("PYTHONPATH", os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_DISABLE_MEMORY_MONITOR", "1")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        connect(cluster.address)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def bags(tmp_path):
    """Three bags of 20, 15 and 6 seconds."""
    return [
        write_bag(tmp_path / name, moving(count)) for name, count in zip("abc", (200, 150, 60), strict=True)
    ]


@pytest.fixture
def expected(bags, tmp_path):
    """What one machine writes."""
    Run(bags, tmp_path / "here").here()
    found = contents(tmp_path / "here")
    assert len(found) == 6
    return found


@slow
def test_the_output_is_that_of_one_machine(nodes, bags, expected, tmp_path):
    run = Run(bags, tmp_path / "out").go()
    assert contents(tmp_path / "out") == expected
    assert {name: (r.status, r.counts.frames) for name, r in run.reports.items()} == {
        "a": (Status.LABELLED, 200),
        "b": (Status.LABELLED, 150),
        "c": (Status.LABELLED, 60),
    }
    assert {"a", "b"} <= {name for name, images in run.told if images}
    assert len(run.worker_pids()) == 2
    again = Run(bags, tmp_path / "out").go()
    assert {report.status for report in again.reports.values()} == {Status.SKIPPED}


@pytest.mark.parametrize("slice_seconds", [pytest.param(0.0, marks=slow), 5.0])
def test_workers_that_are_killed_lose_nothing_and_double_nothing(
    nodes, bags, expected, tmp_path, slice_seconds
):
    killed = []

    def during(done):
        if not killed and done.images >= 20:
            for pid in run.worker_pids():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    run = Run(bags, tmp_path / "out")
    run.go(during, make_task=fake_cluster.make_waiting_task, slice_seconds=slice_seconds)
    assert killed and contents(tmp_path / "out") == expected
    assert sorted(run.reports) == ["a", "b", "c"]
    found, _ = read(tmp_path / "out/a_labels.mcap")
    stamps = Counter(
        m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in of(found, "/eovseg/segments")
    )
    assert len(stamps) == 200 and set(stamps.values()) == {1}


@slow
def test_a_node_that_is_lost(nodes, bags, expected, tmp_path):
    removed = []

    def during(done):
        if not removed and done.images >= 20:
            removed.append(nodes.worker_nodes.copy().pop())
            nodes.remove_node(removed[0], allow_graceful=False)

    try:
        run = Run(bags, tmp_path / "out").go(during, make_task=fake_cluster.make_waiting_task)
    finally:
        nodes.add_node(num_cpus=1)
    assert removed and contents(tmp_path / "out") == expected
    assert sorted(run.reports) == ["a", "b", "c"]


@slow
def test_a_bag_that_kills_its_workers_is_given_up(nodes, bags, tmp_path):
    bad = write_bag(tmp_path / "bad", moving(3))
    run = Run([bad, *bags[2:]], tmp_path / "out").go(make_task=fake_cluster.make_dying_task, attempts=2)
    assert run.reports["c"].status == Status.LABELLED
    assert run.reports["bad"].status == Status.FAILED
    assert run.reports["bad"].error.startswith("2 workers were lost with it")


@slow
def test_errors_of_the_model_and_the_disk_end_the_run(nodes, bags, tmp_path):
    run = Run(bags, tmp_path / "out")

    def no_space(settings):
        raise DiskFull("no space left")

    with pytest.raises(DiskFull, match="no space left"):
        run.go(make_task=no_space)

    def no_model(settings):
        raise ValueError("there is no such model")

    with pytest.raises(RuntimeError, match="ValueError: there is no such model"):
        run.go(make_task=no_model)


@slow
def test_one_worker_at_a_time_if_no_more_are_wanted(nodes, bags, tmp_path):
    run = Run(bags, tmp_path / "out").go(workers=1)
    assert len(run.worker_pids()) == 1
    order = [name for name, _ in run.told]
    assert order == sorted(order)  # a bag begins when the one before is done


@slow
def test_results_are_copied_to_a_url(nodes, bags, expected, tmp_path):
    url = f"file://{tmp_path}/store/labels"
    Run(bags, tmp_path / "out").go(upload=url)
    assert contents(tmp_path / "store/labels") == expected
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "store/labels").iterdir()}
    again = Run(bags, tmp_path / "elsewhere").go(upload=url)  # a machine that has no results
    assert {report.status for report in again.reports.values()} == {Status.SKIPPED}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "store/labels").iterdir()} == before


def run_command(*arguments):
    program = [sys.executable, str(HERE / "fake_labeller.py")]
    return subprocess.run([*program, *map(str, arguments)], capture_output=True, text=True, timeout=120)


@slow
def test_the_command(nodes, bags, tmp_path):
    """The real program on the cluster; its workers load the demo model."""
    out = tmp_path / "out"
    common = ["--image-topic", "/image", "--out", out, "--vocabulary", "cup", "--limit", "2"]
    done = run_command("label", *bags[:2], *common, "--cluster", nodes.address)
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["complete"] == 2 and [bag["frames"] for bag in summary["bags"]] == [2, 2]
    assert (out / "a_labels.mcap").exists()


@slow
def test_an_address_without_a_cluster(bags, tmp_path):
    common = ["--image-topic", "/image", "--out", tmp_path / "out"]
    done = run_command("label", bags[0], *common, "--cluster", "127.0.0.1:1")
    assert done.returncode == 1
    assert "cannot connect to the Ray cluster '127.0.0.1:1'" in done.stderr and "Traceback" not in done.stderr
    done = run_command("label", bags[0], *common, "--upload", "s3://bucket")
    assert done.returncode == 2 and "--upload needs --cluster" in done.stderr


@slow
def test_the_benchmark_of_workers_has_a_cluster_of_its_own():
    done = run_command("benchmark", "--workers", "2", "--seconds", "4")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[2:]]
    assert [row[0] for row in rows] == ["1", "2"] and all(
        float(cell) > 0 for row in rows for cell in row[1::2]
    )
    assert rows[0][2::2] == ["1.00x"] * 3
