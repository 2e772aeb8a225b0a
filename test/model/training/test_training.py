"""A few steps of the demo model's training: what moves, what stays, and going on after a kill."""

from itertools import repeat

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from eovseg_model.data.coco_panoptic import CocoPanoptic
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.eovseg import EOVSeg
from eovseg_model.network.text.classification import TextEmbeddings
from eovseg_model.simulation.catalog import CATALOG, TRAINED_NAMES
from eovseg_model.simulation.dataset import main as write_scenes
from eovseg_model.training.demo.captions import caption_levels
from eovseg_model.training.demo.known_tokens import only_known_tokens
from eovseg_model.training.demo.loop import LoopConfig, draw_batch, train
from eovseg_model.training.demo.panoptic_step import PanopticStep
from eovseg_model.training.demo.region_contrast import RegionContrast, downsample_masks
from eovseg_model.training.demo.scenes import SceneMasks, SceneMemory
from eovseg_model.training.demo.train import clip_module, new_demo_model, panoptic_module
from eovseg_model.training.optimization.descent import Plan, descend


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes") / "set"
    assert (
        write_scenes([str(folder), "--scenes", "3", "--width", "96", "--height", "64", "--workers", "1"]) == 0
    )
    return SceneMemory(CocoPanoptic.from_folder(folder))


def step_of(train_backbone: bool) -> PanopticStep:
    torch.manual_seed(0)
    levels = caption_levels(CATALOG, TRAINED_NAMES)
    return panoptic_module(build_model(CONFIGS["tiny"]), levels, train_backbone=train_backbone, num_points=64)


def contrast_module() -> tuple[EOVSeg, RegionContrast]:
    torch.manual_seed(0)
    model = build_model(CONFIGS["tiny"])
    return model, clip_module(model, caption_levels(CATALOG, TRAINED_NAMES))


def run(step, memory, path, steps, log=print):
    config = LoopConfig(
        steps=steps, learning_rate=1e-3, batch_size_per_process=2, size=(64, 96), warm_up=1, muon=True
    )
    train(Fabric(accelerator="cpu"), step, memory, config, 5, path, log)


class Losses:
    """Keeps the losses and the norms of the gradients of every step."""

    def __init__(self) -> None:
        self.totals: list[float] = []
        self.norms: list[float] = []

    def start(self, first: int) -> None: ...

    def step(self, report) -> None:
        self.totals.append(sum(value.item() for value in report.losses.values()))
        self.norms.append(report.gradient_norm.item())

    def flush(self) -> None: ...

    def checkpoint(self, step: int) -> None: ...


def changed(before, after) -> set[str]:
    """First parts of the names of what differs."""
    return {name.split(".")[1] for name, value in after.items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize("train_backbone", [False, True])
def test_frozen_parts_never_move(memory, tmp_path, train_backbone):
    """Statistics of batch norms included; everything that is to learn does move."""
    step = step_of(train_backbone)
    before = {name: value.clone() for name, value in step.state_dict().items()}
    run(step, memory, tmp_path / "run.pt", steps=2)
    moved = changed(before, step.state_dict())
    learned = {"aggregator", "vas", "decoder", "void_row", "spatial_extractor"}
    assert moved == (learned | {"backbone"} if train_backbone else learned)
    for name, value in step.state_dict().items():
        if "text_encoder" in name or ".vit." in name or ("backbone" in name and "running" in name):
            assert torch.equal(value, before[name]), name


def test_a_killed_run_goes_on_bit_for_bit(memory, tmp_path, monkeypatch):
    monkeypatch.setattr("eovseg_model.training.demo.loop.CHECKPOINT_EVERY", 2)
    whole = step_of(True)
    run(whole, memory, tmp_path / "whole.pt", steps=4)

    class Killed(Exception):
        pass

    def die_after_two(path):
        saved = torch.save

        def save(state, part):
            saved(state, part)
            part.replace(path)
            raise Killed

        return save

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("eovseg_model.training.demo.loop.torch.save", die_after_two(tmp_path / "killed.pt"))
        run(step_of(True), memory, tmp_path / "killed.pt", steps=4)
    again = step_of(True)
    run(again, memory, tmp_path / "killed.pt", steps=4)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_training_in_bfloat16_learns_a_batch_by_heart(memory, tmp_path, monkeypatch):
    """On any CPU: autocast computes in bfloat16 without instructions for it, only slowly."""
    monkeypatch.setattr("eovseg_model.training.demo.panoptic_step.LEVEL_SHARES", (1.0, 0.0, 0.0))
    monkeypatch.setattr("eovseg_model.training.demo.panoptic_step.SMALL_VOCABULARY_SHARE", 0.0)
    step, steps, losses = step_of(True), 16, Losses()
    fabric = Fabric(accelerator="cpu", precision="bf16-mixed")
    optimizer = torch.optim.AdamW([p for p in step.parameters() if p.requires_grad])
    batch = memory.batch([0, 1], (64, 96), np.random.default_rng(0))
    plan = Plan(steps, lambda step: 1e-3, clip_norm=1.0, checkpoint_every=steps)
    descend(fabric, step, optimizer, lambda first: repeat([batch]), plan, tmp_path / "run.pt", losses)
    assert np.isfinite(losses.norms).all()
    assert np.mean(losses.totals[-3:]) < 0.85 * np.mean(losses.totals[:3])


def test_region_contrast_reaches_both_towers_and_the_text(memory, tmp_path):
    model, contrast = contrast_module()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run(contrast, memory, tmp_path / "c.pt", steps=2)
    moved = {
        name.split(".")[0]
        for name, value in model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert moved == {"backbone", "text_encoder", "spatial_extractor", "clip_logit_scale"}


@pytest.mark.parametrize("phase", ["clip", "frozen CNN", "trained CNN"])
def test_whatever_is_trained_has_a_gradient_at_every_step(memory, monkeypatch, phase):
    """Else the processes of a distributed training wait for one another in vain."""
    module = contrast_module()[1] if phase == "clip" else step_of(phase == "trained CNN")
    batch = memory.batch([0, 1], (64, 96), np.random.default_rng(0))
    for level in range(3):  # full names, shapes, colours
        shares = np.eye(3)[level].tolist()
        monkeypatch.setattr("eovseg_model.training.demo.panoptic_step.LEVEL_SHARES", shares)
        module.zero_grad(set_to_none=True)
        sum(module(batch).values()).backward()
        assert [name for name, p in module.named_parameters() if p.requires_grad and p.grad is None] == []


def test_only_the_tokens_of_the_names_are_trained_and_they_come_back():
    torch.manual_seed(0)
    encoder = build_model(CONFIGS["tiny"]).text_encoder
    embedding, names = encoder.tower.token_embedding, ["red mug", "blue cone"]
    before, rows = embedding.weight.detach().clone(), encoder(names).detach()
    with only_known_tokens(encoder, names):
        known = encoder.tower.token_embedding.weight
        assert torch.equal(encoder(names), rows)
        with pytest.raises(IndexError):
            encoder(["green mug"])
        known.data += 1
    assert encoder.tower.token_embedding is embedding
    difference = embedding.weight - before
    used = encoder.tokenize(["This is a photo of a medium blue cone."]).flatten()
    assert torch.allclose(difference[used], torch.ones(1))
    assert int(difference.any(1).sum()) == len(known) < 40
    green = encoder.tokenize(["green"])[0, 1]
    assert not difference[green].any()


def test_the_first_share_of_the_steps_has_smaller_pictures(memory):
    config = LoopConfig(
        steps=10,
        learning_rate=1e-3,
        batch_size_per_process=1,
        size=(64, 96),
        early_size=(32, 64),
        early_share=0.7,
    )
    sizes = [tuple(draw_batch(memory, config, (0, 0, step)).images.shape[-2:]) for step in (0, 6, 7, 9)]
    assert sizes == [(32, 64), (32, 64), (64, 96), (64, 96)]


def test_kept_out_names_have_no_caption():
    full, shapes, colours = caption_levels(CATALOG, TRAINED_NAMES)
    assert full.class_of[CATALOG.index("red mug")] == -1
    assert ("red mug", "red cup") not in full.classes
    assert shapes.classes[shapes.class_of[CATALOG.index("blue mug")]] == ("mug", "cup")
    assert colours.classes[colours.class_of[CATALOG.index("blue mug")]] == ("blue object", "blue thing")


def test_a_region_smaller_than_a_cell_keeps_its_best_cell():
    mask = torch.zeros(1, 8, 8)
    mask[0, 0, 0] = 1
    cells = downsample_masks([SceneMasks(torch.tensor([0]), mask)], (2, 2))
    assert cells.tolist() == [[[[1, 0], [0, 0]]]]


def test_padding_is_black_belongs_to_nothing_and_is_less_than_a_stride(memory):
    plain = memory.batch([0, 1], (64, 96), np.random.default_rng(0))
    padded = memory.batch([0, 1], (64, 96), np.random.default_rng(0), padding=1.0)
    assert plain.images.shape == padded.images.shape == (2, 3, 64, 96)
    for image, region in zip(padded.images, padded.regions, strict=True):
        inside = image.abs().sum(0) > 0
        height, width = int(inside.any(1).sum()), int(inside.any(0).sum())
        assert 64 - 32 < height < 64 and 96 - 32 < width < 96
        assert not image[:, height:].any() and not image[:, :, width:].any()
        assert not region.masks[:, height:].any() and not region.masks[:, :, width:].any()


def test_vocabulary_aware_selection_starts_between_once_and_twice_the_features():
    model = new_demo_model()
    embeddings = torch.nn.functional.normalize(torch.randn(46, model.config.text_dim), dim=-1)
    features = torch.rand(1, model.config.hidden_dim, 6, 8) + 0.5
    with torch.no_grad():
        share = model.vas(features, TextEmbeddings(embeddings, torch.arange(45)[:, None])) / features
    assert (share > 1).all() and (share <= 2).all()
