"""Which bags a run does, and the names of their results."""

from pathlib import Path

import pytest
from bag_files import counting, write_bag

from eovseg_ros.bags.errors import UsageError
from eovseg_ros.bags.jobs.job import plan_jobs, without_results


@pytest.mark.parametrize(
    ("bags", "names"),
    [
        (["/a/run", "/a/other.mcap"], ["run", "other"]),
        (["/a/run", "/b/run", "/b/other"], ["a_run", "b_run", "other"]),  # others keep their names
        (["/x/a/run", "/y/a/run"], ["x_a_run", "y_a_run"]),
        (["/a/run", "/b/run", "/c/a_run"], ["a_run", "b_run", "c_a_run"]),
        (["/a/run", "/a/run.mcap", "/a/run_0.db3.zstd"], ["a_run_1", "a_run_2", "run_0"]),
        (["/a/run.1", "/a/%d", "/a/ä b"], ["run.1", "%d", "ä b"]),
    ],
)
def test_names(bags, names):
    assert [job.name for job in plan_jobs([Path(bag) for bag in bags], Path("out"))] == names


@pytest.mark.parametrize("other", ["a", "./a", "a/", "b/../a", "link", "link/"])
def test_a_bag_that_is_given_twice_by_whatever_path(tmp_path, monkeypatch, other):
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(UsageError, match="the same bag is given twice"):
        plan_jobs([tmp_path / "a", Path(other)], tmp_path)


def test_the_parent_folder_has_a_name(tmp_path, monkeypatch):
    (tmp_path / "run/inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "run/inner")
    assert [job.name for job in plan_jobs([Path("..")], tmp_path)] == ["run"]


def test_results_that_a_pattern_matches_are_left_out(tmp_path):
    for name in (
        "a.mcap",
        "a_labels.mcap",
        "a_labels.mcap.part",
        "a_labels.mcap.state",
        "a_labels.embeddings",
    ):
        (tmp_path / name).touch()
    for name in ("a_full.mcap", "b_full.mcap", "out/a_labels.mcap"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    bags, left_out = without_results(sorted(tmp_path.iterdir()), tmp_path / "out")
    assert [path.name for path in bags] == ["a.mcap", "b_full.mcap"]  # the latter has no other bag to label
    assert len(left_out) == 6


def test_a_bag_may_be_the_folder_of_its_results(tmp_path):
    bag = write_bag(tmp_path / "bag", counting(1))
    (bag / "bag_labels.mcap").touch()
    assert without_results([bag], bag) == ([bag], [])


def test_results_alone_are_no_bags(tmp_path):
    with pytest.raises(UsageError, match="x_labels.mcap has results of eovseg-bags: give the bags"):
        without_results([tmp_path / "x_labels.mcap"], tmp_path)
