"""What is reported of the demo model's trainings: the learning curve of a log, the table of the ablation."""

import json
from functools import partial
from xml.etree import ElementTree

import pytest

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.simulation.dataset import main as write_scenes
from eovseg_model.training.demo.ablation import Run, report, train_run
from eovseg_model.training.demo.learning_curve import draw, read_curves

LOG = """\
[  0.00 min] rendering 5 training scenes, 2 pictures of each, and 100 for validation
[  5.00 min] validation at step 1000: things named right, trained 50.0%, kept out 20.0%
[  7.00 min] step 50/8000 loss 38.168 (classification 9.520 mask 5.953 dice 14.211) 0.376 s, 50 min left
[ 10.00 min] validation at step 1000: PQ trained 40.0, kept out 30.5
"""


def test_curves_of_a_log():
    points = {curve.name: curve.points for curve in read_curves(LOG)}
    assert points == {
        "things named correctly, trained names": [(5.0, 50.0)],
        "things named correctly, kept-out names": [(5.0, 20.0)],
        "PQ, trained names": [(10.0, 40.0)],
        "PQ, kept-out names": [(10.0, 30.5)],
    }
    lines = [e.get("points") for e in ElementTree.fromstring(draw(read_curves(LOG))) if e.get("points")]
    assert lines == ["330.0,170.0", "330.0,260.0", "610.0,200.0", "610.0,228.5"]  # 560 wide, 300 high


def test_minutes_of_a_run_that_went_on_add_up():
    went_on = LOG + "[  1.00 min] validation at step 2000: PQ trained 50.0, kept out 31.0\n"
    assert read_curves(went_on)[2].points == [(10.0, 40.0), (11.0, 50.0)]


def test_spread_over_seeds(tmp_path):
    for seed, pq in ((0, 40.0), (1, 44.0)):
        quality = {"trained names": pq, "kept-out names": 10.0}
        (tmp_path / f"{Run('without VAS', seed).stem}.json").write_text(json.dumps(quality))
    assert "| without VAS | 2 | 42.0 (40.0 to 44.0) | 10.0 (10.0 to 10.0) |" in report(tmp_path)
    assert "| VAS and TDEE | 0 | - | - |" in report(tmp_path)


@pytest.mark.parametrize("name", ["VAS and TDEE", "without both"])
def test_a_run_is_trained_and_judged_once(tmp_path, name):
    size = ["--width", "96", "--height", "64", "--workers", "1"]
    assert write_scenes([str(tmp_path / "train"), "--scenes", "2", *size]) == 0
    held_out = ["--scenes", "1", "--seed", "1000000", "--kept-out"]
    assert write_scenes([str(tmp_path / "validation"), *held_out, *size]) == 0
    work = partial(train_run, Run(name, 0), scenes=tmp_path, weights=None, out=tmp_path)
    work(steps=1)
    result = tmp_path / f"{Run(name, 0).stem}.json"
    assert {"trained names", "kept-out names"} <= json.loads(result.read_text()).keys()
    result.write_text("{}")
    work(steps=1)
    assert result.read_text() == "{}"
