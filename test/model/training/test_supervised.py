"""`eovseg train` on four simulated scenes, killed and gone on, and on two processes."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import open_clip
import pytest
import squares
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.checkpoint.loading import CheckpointError, save_weights
from eovseg_model.cli.main import main
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.simulation.dataset import main as write_scenes
from eovseg_model.training.supervised import start

STEPS = 12
RECIPE = {
    "dataset": "simulation",
    "steps": STEPS,
    "batch_size": 2,
    "learning_rate": 1e-3,
    "warm_up": 10,
    "milestones": [10],
    "crop_size": 64,
    "jitter": [1.0, 1.0],
    "num_points": 128,
    "workers": 1,
    "checkpoint_every": 4,
    "log_every": 1,
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """So that this process computes the bits that another does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    """A recipe, scenes, and weights of an untrained network."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    size = ["--scenes", "4", "--width", "96", "--height", "64", "--workers", "1"]
    assert write_scenes([str(folder / "scenes"), *size]) == 0
    torch.manual_seed(3)
    model = build_model(CONFIGS["tiny"])
    save_weights(model, folder / "untrained.safetensors", {}, torch.float32)
    return folder


def arguments(inputs: Path, out: Path) -> list[str]:
    files = {
        "--config": inputs / "recipe.json",
        "--data": inputs / "scenes",
        "--out": out,
        "--checkpoint": inputs / "untrained.safetensors",
        "--variant": "tiny",
    }
    return ["train", *(str(part) for pair in files.items() for part in pair)]


@pytest.fixture(scope="module")
def trained(inputs, tmp_path_factory) -> Path:
    """The folder of a whole run."""
    out = tmp_path_factory.mktemp("trained") / "run"
    assert main(arguments(inputs, out)) == 0
    return out


def events(out: Path) -> EventAccumulator:
    return EventAccumulator(str(out / "tensorboard"), size_guidance={"images": 0, "scalars": 0}).Reload()


def test_the_loss_falls_and_tensorboard_shows_it(trained):
    log = events(trained)
    curve = log.Scalars("loss/total")
    assert [e.step for e in curve] == list(range(1, STEPS + 1))
    values = [e.value for e in curve]
    assert np.mean(values[-3:]) < 0.95 * np.mean(values[:3])
    parts = [log.Scalars(f"loss/{name}")[0].value for name in ("classification", "mask", "dice")]
    assert sum(parts) == pytest.approx(values[0], rel=1e-5)
    rates = [e.value for e in log.Scalars("learning rate")]
    assert rates == pytest.approx([*(i * 1e-4 for i in range(1, 11)), 1e-4, 1e-4])
    pictures = log.Images("ground truth and prediction/3")
    assert [p.step for p in pictures] == [4, 8, 12]
    assert (pictures[0].width, pictures[0].height) == (192, 64)


def test_the_loss_falls_in_bfloat16(inputs, tmp_path):
    """On any CPU; what is trained stays float32."""
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE | {"precision": "bf16-mixed"}))
    command = arguments(inputs, tmp_path / "run")
    command[command.index("--config") + 1] = str(tmp_path / "recipe.json")
    assert main(command) == 0
    values = [e.value for e in events(tmp_path / "run").Scalars("loss/total")]
    assert len(values) == STEPS and np.mean(values[-3:]) < 0.97 * np.mean(values[:3])
    weights = load_file(tmp_path / "run" / "eovseg_tiny.safetensors")
    assert all(value.isfinite().all() for value in weights.values())


def test_frozen_parts_stay_bit_for_bit_and_all_others_move(trained, inputs):
    """Statistics of the CLIP ResNet's batch norms included."""
    before = load_file(inputs / "untrained.safetensors")
    after = load_file(trained / "eovseg_tiny.safetensors")
    assert before.keys() == after.keys()
    same = {name for name, value in before.items() if torch.equal(value, after[name])}
    assert same == {name for name in before if name.startswith(start.CLIP_PARTS)}
    assert any(name.startswith("backbone.") and "running_mean" in name for name in same)


def test_the_weights_load_and_segment(trained):
    weights = trained / "eovseg_tiny.safetensors"
    predictor = EOVSegPredictor.from_checkpoint("tiny", weights, ["mug", "cube"], device="cpu")
    assert predictor(np.zeros((64, 96, 3), np.uint8)).map.shape == (64, 96)


def test_a_killed_run_goes_on_bit_for_bit(trained, inputs, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "eovseg_model.cli.main", *arguments(inputs, out)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (out / "last.pt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert torch.load(out / "last.pt", weights_only=True)["step"] < STEPS
    assert main(arguments(inputs, out)) == 0
    whole, again = (torch.load(run / "last.pt", weights_only=True) for run in (trained, out))
    assert again["step"] == whole["step"] == STEPS
    for name, value in whole["module"].items():
        assert torch.equal(value, again["module"][name]), name
    for i, state in whole["optimizer"]["state"].items():
        assert all(torch.equal(v, again["optimizer"]["state"][i][k]) for k, v in state.items())
    curves = [[(e.step, e.value) for e in events(run).Scalars("loss/total")] for run in (trained, out)]
    assert curves[0] == curves[1]


def test_a_finished_run_is_not_trained_again(trained, inputs):
    last = (trained / "last.pt").stat().st_mtime_ns
    assert main(arguments(inputs, trained)) == 0
    assert (trained / "last.pt").stat().st_mtime_ns == last


def test_two_processes_give_the_gradients_of_one(tmp_path, monkeypatch):
    """Within a hundred thousandth of each tensor's largest entry; by torchrun, with gloo.

    The gradient of the guide's bias is zero but for rounding, as it moves all rows of a softmax alike.
    """
    for number in range(len(squares.CASES)):
        (tmp_path / str(number)).mkdir()
    script = [squares.__file__, str(tmp_path)]
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *script]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(run, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    monkeypatch.setattr(torch, "rand", squares.same_points)
    for number, (recipe, counts) in enumerate(squares.CASES.values()):
        two = torch.load(tmp_path / str(number) / "gradients.pt", weights_only=True)
        alone = tmp_path / "alone" / str(number)
        alone.mkdir(parents=True)
        one = squares.gradients(replace(recipe, accumulate=1), counts, alone)
        assert one.keys() == two.keys()
        for name, value in one.items():
            tolerance = max(1e-5 * value.abs().max().item(), 1e-6)
            assert (value - two[name]).abs().max() <= tolerance, name


def test_another_recipe_in_the_same_folder_is_refused(trained, inputs, tmp_path, capsys):
    other = tmp_path / "other.json"
    other.write_text(json.dumps(RECIPE | {"steps": 99}))
    command = arguments(inputs, trained)
    command[command.index("--config") + 1] = str(other)
    assert main(command) == 2
    assert "a different recipe.json; choose another folder" in capsys.readouterr().err


def test_missing_data_and_an_unknown_set_are_named(inputs, tmp_path, capsys):
    assert main(["train", "--data", str(tmp_path / "coco"), "--out", str(tmp_path / "run")]) == 2
    assert "train2017" in capsys.readouterr().err
    recipe = tmp_path / "recipe.json"
    recipe.write_text('{"dataset": "ade20k"}')
    run = ["train", "--config", str(recipe), "--data", str(inputs), "--out", str(tmp_path / "run")]
    assert main(run) == 2
    assert "unknown dataset 'ade20k'; choose from: coco, simulation" in capsys.readouterr().err


def test_without_clips_weights_and_a_connection_it_says_so(inputs, tmp_path, capsys, monkeypatch):
    def fail(name, tag):
        raise RuntimeError("no route to host")

    monkeypatch.setattr(open_clip, "create_model", fail)
    monkeypatch.setitem(CONFIGS, "s", replace(CONFIGS["tiny"], open_clip=("RN50-quickgelu", "openai")))
    command = arguments(inputs, tmp_path / "run")
    del command[command.index("--checkpoint") :]
    assert main([*command, "--variant", "s"]) == 2
    assert "offline?): no route to host" in capsys.readouterr().err


def test_tiny_takes_its_clips_from_the_package_and_nothing_else(inputs, monkeypatch):
    file = inputs / "untrained.safetensors"
    monkeypatch.setattr(start, "DEMO_WEIGHTS", file)
    model, weights = start.new_model("tiny", None, seed=4).state_dict(), load_file(file)
    same = {name for name in weights if torch.equal(weights[name], model[name])}
    clips = {name for name in weights if name.startswith(start.CLIP_PARTS)}
    assert clips <= same and "void_row.embedding" not in same and "decoder.object_kernels" not in same
    with pytest.raises(CheckpointError, match="does not fit"):
        start.new_model("s", file, seed=4)
