"""Slices of long bags, in one process and with a stand-in for the model."""

from functools import partial

import fake_cluster
import pytest
from bag_files import write_bag
from cluster_run import Run, contents
from test_labelling import moving

from eovseg_ros.bags.cluster.parts import Part, Parts
from eovseg_ros.bags.cluster.slices import plan_slices, slices_folder
from eovseg_ros.bags.cluster.worker import ClusterWorker
from eovseg_ros.bags.jobs.job import plan_jobs
from eovseg_ros.bags.labelling.report import Status
from eovseg_ros.bags.reading.selection import Selection

LongRun = partial(Run, topics=("/front/image", "/rear/image"))


@pytest.fixture
def long_bag(tmp_path):
    """10 s of two cameras, with images that cannot be read."""
    front, rear = moving(100, "/front/image"), moving(100, "/rear/image")
    front[30][2].encoding = "nonsense"
    rear = [(topic, time + 3, message) for topic, time, message in rear]
    return write_bag(tmp_path / "long", sorted([*front, *rear], key=lambda entry: entry[1]))


SLICED = [Selection(), Selection(start=1.0, end=8.75), Selection(every=3, limit=25), Selection(rate=4.0)]


@pytest.mark.parametrize("selection", SLICED)
def test_slices_give_the_output_of_the_whole_bag(long_bag, tmp_path, selection):
    run = LongRun([long_bag], tmp_path / "here", selection=selection)
    run.here()
    label, (job,) = run.settings.label, LongRun([long_bag], tmp_path / "out").jobs
    slices = plan_slices(job, label, 2.5)
    assert len(slices) == (3 if selection.end else 4)
    worker = ClusterWorker(run.settings, "", fake_cluster.make_task)
    for each in reversed(slices):
        assert worker.do(Part(job, each)) is None
    assert sorted(path.suffix for path in slices_folder(job).iterdir()) == [".predictions"] * len(slices)
    calls = []
    worker._task.model.predictor.__class__.__call__, original = (
        lambda *a, **k: calls.append(1),
        worker._task.model.predictor.__class__.__call__,
    )
    try:
        report = worker.do(Part(job, slices=tuple(slices)))
    finally:
        worker._task.model.predictor.__class__.__call__ = original
    assert report.status == Status.LABELLED and not calls  # the network did not run again
    assert contents(tmp_path / "out") == contents(tmp_path / "here")


def test_a_short_bag_or_one_that_is_done_is_not_cut(long_bag, tmp_path):
    (job,) = (run := LongRun([long_bag], tmp_path / "out")).jobs
    label = run.settings.label
    assert [len(plan_slices(job, label, seconds)) for seconds in (0, 15, 7, 6.5, 5, 1.5)] == [
        0,
        0,
        0,
        2,
        2,
        7,
    ]
    assert [(s.start, s.end) for s in plan_slices(job, label, 4.5)] == [(0, 4.5), (4.5, 0)]
    job.target.parent.mkdir()
    job.target.touch()
    assert plan_slices(job, label, 3) == []
    (missing,) = plan_jobs([tmp_path / "missing"], tmp_path / "out")
    assert plan_slices(missing, label, 3) == []


def test_a_slice_without_an_image_ends_the_run(long_bag, tmp_path):
    (job,) = (run := LongRun([long_bag], tmp_path / "out")).jobs
    slices = plan_slices(job, run.settings.label, 2.5)
    worker = ClusterWorker(run.settings, "", fake_cluster.make_task)
    for each in slices:
        worker.do(Part(job, each))
    path = next(path for path in slices_folder(job).iterdir() if path.stem.endswith("_2"))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(RuntimeError, match="_2.predictions is broken: .* remove it and run the same command"):
        worker.do(Part(job, slices=tuple(slices)))
    assert not job.target.exists()
    path.unlink()
    worker.do(Part(job, slices[2]))
    assert worker.do(Part(job, slices=tuple(slices))).status == Status.LABELLED


def test_parts_in_their_order(long_bag, tmp_path):
    short_bag = write_bag(tmp_path / "short", moving(20, "/front/image"))
    run = LongRun([long_bag, short_bag], tmp_path / "out")
    long, short = run.jobs
    parts = Parts(run.jobs, run.settings.label, 5.0)
    first, second, whole = parts.next(), parts.next(), parts.next()
    assert [first.slice.number, second.slice.number, whole] == [0, 1, Part(short)] and not parts
    assert parts.count(second, 30) == 30 and parts.count(first, 12) == 42 and parts.count(first, 13) == 43
    parts.again(first)
    assert parts.next() == first
    parts.finish_slice(second)
    assert not parts
    parts.finish_slice(first)
    joining = parts.next()
    assert joining == Part(long, slices=(first.slice, second.slice)) and parts.count(joining, 5) == 0
    parts.again(joining)
    assert parts.fail(long) and not parts.fail(long) and not parts
    parts.again(joining)
    assert not parts
