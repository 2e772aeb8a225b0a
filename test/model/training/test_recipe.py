"""The published recipe: its numbers, its schedule, what decays, and files that change it."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import nn

from eovseg_model.cli.main import main
from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.training.optimization.optimizer import make_optimizer, norms_and_embeddings
from eovseg_model.training.optimization.processes import synchronise_norms
from eovseg_model.training.optimization.schedule import cosine, staircase
from eovseg_model.training.supervised.recipe import Recipe, RecipeError, read_recipe, read_variant, to_json
from eovseg_model.training.supervised.train import make_loss
from eovseg_model.training.supervised.training_sets import TRAINING_SETS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("step", "share"),
    [
        (0, 1.0),
        (163_888, 1.0),
        (163_889, 0.1),
        (187_545, 0.1),
        (187_546, 0.01),
        (199_999, 0.01),
    ],
)
def test_published_schedule(step, share):
    recipe = Recipe()
    value = staircase(step, warm_up=recipe.warm_up, milestones=recipe.milestones, factor=recipe.decay)
    assert value == pytest.approx(share)


def test_a_warm_up_rises_linearly_to_the_full_rate():
    rates = [staircase(step, warm_up=10, milestones=(), factor=0.1) for step in (0, 4, 9, 10)]
    assert rates == pytest.approx([0.1, 0.5, 1.0, 1.0])


def test_no_warm_up_and_no_milestones_are_a_constant():
    assert staircase(0, warm_up=0, milestones=(), factor=0.1) == 1.0


def test_cosine_ends_at_zero():
    assert [cosine(s, steps=10, warm_up=2) for s in (0, 1, 2, 6)] == pytest.approx([0.5, 1, 1, 0.5])
    assert cosine(10, steps=10, warm_up=2) == pytest.approx(0)


def test_the_losses_are_those_published():
    loss = make_loss(Recipe())
    assert (*loss.weights, loss.no_object) == (2, 5, 5, 0.1)
    assert (loss.num_points, loss.oversample, loss.importance) == (12_544, 3, 0.75)


def test_weight_decay_spares_norms_and_embeddings_by_name():
    with torch.device("meta"):
        model = build_model(CONFIGS["s"])
    spared = norms_and_embeddings(model)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {
        "decoder.object_kernels",
        "void_row.embedding",
        "aggregator.top_down.0.dcn_bn.weight",
        "aggregator.top_down.2.up_bn.bias",
        "vas.pointwise_bn.weight",
        "spatial_extractor.upsampling.1.bias",
        "decoder.stages.0.feature_attention.norm.weight",
        "decoder.stages.2.instance_embedding.fusion.output_norm.bias",
        "decoder.stages.1.mask_kernel.1.weight",
    } <= spared & trained
    assert {
        "aggregator.bias",
        "vas.scale",
        "decoder.stages.0.logit_scale",
        "decoder.stages.0.ffn.layers.0.bias",
        "decoder.stages.1.self_attention.in_proj_bias",
        "spatial_extractor.upsampling.0.weight",
    } <= trained - spared
    named = {name for name in trained if "norm" in name or "_bn." in name}
    assert named <= spared  # whatever is called a norm is one


def test_the_optimizer_has_what_is_trained_and_no_clip():
    model = build_model(CONFIGS["tiny"])
    groups = make_optimizer(
        model, learning_rate=1e-4, weight_decay=0.05, spared=norms_and_embeddings(model)
    ).param_groups
    assert [g["weight_decay"] for g in groups] == [0.05, 0.0] and {g["lr"] for g in groups} == {1e-4}
    mine = {id(p) for g in groups for p in g["params"]}
    clips = {id(p) for part in model.clip_modules() for p in part.parameters()}
    assert mine == {id(p) for p in model.parameters()} - clips - {id(model.clip_logit_scale)}
    plain = {id(p) for p in groups[1]["params"]}
    assert id(model.void_row.embedding) in plain and id(model.aggregator.bias) not in plain


def test_only_trained_norms_are_synchronised():
    model = build_model(CONFIGS["tiny"])
    names = list(model.state_dict())
    synchronise_norms(model)
    assert list(model.state_dict()) == names
    for name, part in model.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            assert isinstance(part, nn.SyncBatchNorm) != name.startswith("backbone."), name


def test_a_file_changes_what_it_names(tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text('{"steps": 7, "learning_rate": 1, "milestones": [5], "jitter": [0.5, 1]}')
    recipe = read_recipe(file)
    assert recipe == Recipe(steps=7, learning_rate=1.0, milestones=(5,), jitter=(0.5, 1.0))
    assert json.loads(to_json(recipe, "s"))["milestones"] == [5]


def test_what_a_training_wrote_can_be_used_again(tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text(to_json(Recipe(steps=7, jitter=(0.5, 1.0)), "m"))
    assert read_recipe(file) == Recipe(steps=7, jitter=(0.5, 1.0)) and read_variant(file) == "m"


def test_a_recipe_of_another_variant_is_refused(tmp_path, capsys):
    file = tmp_path / "recipe.json"
    file.write_text(to_json(Recipe(), "m"))
    arguments = ["train", "--config", str(file), "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main([*arguments, "--variant", "s"]) == 2
    assert f"{file} is for --variant m; got --variant s" in capsys.readouterr().err


def test_the_page_shows_every_field_as_published(tmp_path):
    file = tmp_path / "shown.json"
    file.write_text((ROOT / "docs" / "training.md").read_text().split("```json")[1].split("```")[0])
    assert json.loads(file.read_text()).keys() == asdict(Recipe()).keys()
    assert read_recipe(file) == Recipe()


def test_the_small_recipe_makes_sense():
    recipe = read_recipe(ROOT / "config" / "train_simulation.json")
    assert recipe.dataset in TRAINING_SETS and max(recipe.milestones) < recipe.steps


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "as JSON: "),
        ("[1]", "must contain a JSON object"),
        ('{"stepz": 7}', "unknown fields: stepz; choose from: dataset, seed"),
        ('{"steps": 7.5}', "steps must be an integer; got 7.5"),
        ('{"steps": true}', "steps must be an integer; got True"),
        ('{"milestones": 5}', "milestones must be a list of numbers; got 5"),
        ('{"decay": "0.1"}', "decay must be a number; got '0.1'"),
        ('{"steps": 0}', "steps must be at least 1"),
        ('{"crop_size": 100}', "multiple of 32"),
        ('{"precision": "16-mixed"}', "precision must be '32-true' or 'bf16-mixed'; got '16-mixed'"),
        ('{"jitter": [2, 1]}', r"0 < minimum <= maximum; got \[2, 1\]"),
        ('{"warm_up": -1}', "warm_up must be at least 0; got -1"),
        ('{"importance": 1.5}', "importance must be 0 to 1; got 1.5"),
        ('{"oversample": 0.5}', "oversample must be at least 1; got 0.5"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, text, message):
    file = tmp_path / "recipe.json"
    file.write_text(text)
    with pytest.raises(RecipeError, match=message):
        read_recipe(file)
