"""Training on a GPU, as far as a simulated one shows it: devices, and the values that a CPU gives."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.accelerators import CPUAccelerator
from lightning_fabric.strategies import SingleDeviceStrategy
from simulated_cuda import simulated_cuda
from squares import NAMES, RECIPE, SIZE, Squares, settle_norms

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from safetensors.torch import load_file

from eovseg_model.checkpoint.loading import save_weights
from eovseg_model.data.augmentation import LargeScaleJitter
from eovseg_model.data.coco_panoptic import CocoPanoptic
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.eovseg import EOVSeg
from eovseg_model.simulation.catalog import CATALOG, TRAINED_NAMES
from eovseg_model.simulation.dataset import main as write_scenes
from eovseg_model.training.demo.captions import FULL, SHAPE, caption_levels
from eovseg_model.training.demo.known_tokens import only_known_tokens
from eovseg_model.training.demo.loop import LoopConfig, draw_batch, train
from eovseg_model.training.demo.scenes import SceneMemory
from eovseg_model.training.demo.train import clip_module, panoptic_module
from eovseg_model.training.demo.validation import Validation
from eovseg_model.training.optimization.descent import Plan, descend
from eovseg_model.training.optimization.optimizer import make_optimizer, norms_and_embeddings
from eovseg_model.training.optimization.processes import place_model
from eovseg_model.training.supervised.example_stream import ExampleStream
from eovseg_model.training.supervised.examples import Examples
from eovseg_model.training.supervised.sample_pictures import SamplePictures
from eovseg_model.training.supervised.supervised_step import SupervisedStep
from eovseg_model.training.supervised.train import make_loss
from eovseg_model.training.supervised.training_sets import TrainingSet
from eovseg_model.vocabulary.vocabulary import Vocabulary

CONFIG = LoopConfig(
    steps=2, learning_rate=1e-3, batch_size_per_process=2, size=(64, 96), warm_up=1, muon=True
)
SQUARES = TrainingSet(Squares((3, 3, 3, 3)), Vocabulary.parse(NAMES), tuple(range(len(NAMES))))


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> CocoPanoptic:
    folder = tmp_path_factory.mktemp("scenes") / "set"
    size = ["--scenes", "3", "--width", "96", "--height", "64", "--workers", "1"]
    assert write_scenes([str(folder), *size]) == 0
    return CocoPanoptic.from_folder(folder)


def build_tiny() -> EOVSeg:
    torch.manual_seed(0)
    return build_model(CONFIGS["tiny"])


class _Anywhere(CPUAccelerator):
    """Sets no device up."""

    def setup_device(self, device: torch.device) -> None: ...


class _OnCuda(SingleDeviceStrategy):
    """What Fabric takes for one GPU, without asking its driver for anything."""

    def __init__(self) -> None:
        super().__init__(torch.device("cuda:0"), _Anywhere())


def on_both(work: Callable[[Fabric], dict], precision: str = "32-true") -> tuple[dict, dict]:
    """What work gives on the CPU, and on the simulated device, there with its tensors brought back."""
    expected = work(Fabric(accelerator="cpu", precision=precision))
    with simulated_cuda():
        found = work(Fabric(strategy=_OnCuda(), precision=precision))
        tensors = {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
        assert all(value.is_cuda for value in tensors.values())
        return expected, found | {name: value.detach().cpu() for name, value in tensors.items()}


class Reports:
    """Keeps the losses of every step, and leaves the weights alone."""

    def __init__(self) -> None:
        self.losses: dict[str, torch.Tensor] = {}

    def start(self, first: int) -> None: ...

    def step(self, report) -> None:
        self.losses |= {f"{name} {report.step}": value for name, value in report.losses.items()}
        self.losses[f"norm {report.step}"] = report.gradient_norm

    def flush(self) -> None: ...

    def checkpoint(self, step: int) -> None: ...


@pytest.mark.parametrize(
    ("precision", "tolerance", "drift"),
    [("32-true", {"atol": 1e-4, "rtol": 1e-4}, 5e-4), ("bf16-mixed", {"atol": 0.3, "rtol": 0.1}, 0.02)],
)
def test_supervised_training(tmp_path, precision, tolerance, drift):
    """From the data loader to AdamW and the checkpoint; mixed precision rounds in other places."""

    def work(fabric: Fabric) -> dict[str, torch.Tensor]:
        model = build_tiny()
        settle_norms(model)
        place_model(fabric, model)
        step = SupervisedStep(
            model, EOVSegPredictor(model, SQUARES.vocabulary).vocabulary.text, make_loss(RECIPE)
        )
        optimizer = make_optimizer(
            step, learning_rate=1e-4, weight_decay=0.05, spared=norms_and_embeddings(step)
        )
        stream = ExampleStream(fabric, Examples(SQUARES, LargeScaleJitter(SIZE, (1.0, 1.0))), RECIPE)
        plan = Plan(steps=2, rate=lambda step: 1e-4, clip_norm=0.01, checkpoint_every=2)
        reports = Reports()
        descend(fabric, step, optimizer, stream, plan, tmp_path / f"{fabric.device.type}.pt", reports)
        return reports.losses

    expected, found = on_both(work, precision)
    assert {"classification 1", "mask 2", "dice 2", "norm 2"} < expected.keys()
    torch.testing.assert_close(found, expected, **tolerance)
    cpu, cuda = (torch.load(tmp_path / f"{device}.pt", weights_only=True) for device in ("cpu", "cuda"))
    torch.testing.assert_close(cuda["module"], cpu["module"], atol=drift, rtol=0)
    assert cpu["optimizer"]["state"].keys() == cuda["optimizer"]["state"].keys()


def test_losses_and_gradients_on_captioned_scenes(scenes, monkeypatch):
    """Full names, then shapes alone on grey pictures; made on the CPU and moved, as Fabric does it."""
    step_module = "eovseg_model.training.demo.panoptic_step"
    memory = SceneMemory(scenes)

    def work(fabric: Fabric) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        levels = caption_levels(CATALOG, TRAINED_NAMES)
        model = build_model(CONFIGS["tiny"])
        settle_norms(model)
        step = panoptic_module(model, levels, train_backbone=True, num_points=64)
        fabric.to_device(step)
        seen: dict[str, torch.Tensor] = {}
        for level in (FULL, SHAPE):
            monkeypatch.setattr(f"{step_module}.LEVEL_SHARES", np.eye(3)[level].tolist())
            monkeypatch.setattr(f"{step_module}.GREY_SHARE", float(level == SHAPE))
            batch = draw_batch(memory, CONFIG, (5, 0, level))
            losses = step(fabric.to_device(batch))
            seen |= {f"{name} {level}": value.detach() for name, value in losses.items()}
            torch.stack(list(losses.values())).sum().backward()
        return seen | {name: p.grad for name, p in step.named_parameters() if p.grad is not None}

    expected, found = on_both(work)
    assert {f"classification {FULL}", f"region {SHAPE}", "model.decoder.object_kernels"} < expected.keys()
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_the_small_clip_is_trained(scenes, tmp_path):
    """By the loop of the demo model, with Muon and a part of the tokens."""
    memory = SceneMemory(scenes)
    levels = caption_levels(CATALOG, TRAINED_NAMES)

    def work(fabric: Fabric) -> dict[str, torch.Tensor]:
        model = build_tiny()
        fabric.to_device(model)
        names = [name for level in levels for synonyms in level.classes for name in synonyms]
        with only_known_tokens(model.text_encoder, names):
            contrast = clip_module(model, levels)
            fabric.to_device(contrast)
            train(fabric, contrast, memory, CONFIG, 5, tmp_path / fabric.device.type, print)
        return model.state_dict()

    expected, found = on_both(work)
    start = build_tiny().state_dict()
    moved = {name for name, value in expected.items() if not torch.equal(value, start[name])}
    assert "text_encoder.tower.token_embedding.weight" in moved and len(moved) > 100
    apart = torch.cat([(found[name] - expected[name]).abs().flatten() for name in moved])
    assert (
        apart > 1e-4
    ).double().mean() < 0.01  # where a gradient is 0 but for rounding, Adam steps anywhere


def test_validation_and_pictures_beside_the_training(scenes):
    """What is judged and drawn on the host comes from the device."""

    def work(fabric: Fabric) -> dict[str, object]:
        predictor = EOVSegPredictor.from_checkpoint(
            "tiny", vocabulary=NAMES, device="cpu", backend="reference"
        )
        place_model(fabric, predictor.model)
        lines: list[str] = []
        validation = Validation(predictor.model, scenes, 3, lines.append)
        validation.report_naming(1000)
        validation.report_quality(1000)
        pictures = SamplePictures(EOVSegPredictor(predictor.model, NAMES), SQUARES, 2).draw()
        return {"lines": lines, "pictures": np.stack(pictures)}

    expected, found = on_both(work)
    assert len(expected["lines"]) == 2 and found["lines"] == expected["lines"]
    assert np.count_nonzero(found["pictures"] != expected["pictures"]) < 1e-3 * found["pictures"].size


def test_weights_are_written_from_the_device(tmp_path):
    model = build_tiny()
    save_weights(model, tmp_path / "cpu.safetensors", {}, torch.float16)
    with simulated_cuda():
        save_weights(model.to("cuda"), tmp_path / "cuda.safetensors", {}, torch.float16)
    cpu, cuda = (load_file(tmp_path / f"{device}.safetensors") for device in ("cpu", "cuda"))
    torch.testing.assert_close(cuda, cpu, rtol=0, atol=0)


def test_a_category_without_a_class_becomes_no_target(scenes):
    """A kept-out name is void, not the class that is drawn last."""
    levels = caption_levels(CATALOG, TRAINED_NAMES)
    step = panoptic_module(build_tiny(), levels, train_backbone=False)
    batch = SceneMemory(scenes).batch([0], (64, 96), np.random.default_rng(0))
    nameless = [i for i, name in enumerate(CATALOG) if name not in TRAINED_NAMES]
    region = batch.regions[0]._replace(categories=torch.full_like(batch.regions[0].categories, nameless[0]))
    (target,) = step._targets(
        levels[0], list(range(len(levels[0].classes))), batch._replace(regions=[region])
    )
    assert len(region.categories) and not len(target.classes) and not len(target.masks)
