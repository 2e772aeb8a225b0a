"""`eovseg evaluate`: what a perfect and a real predictor get on every data set, and how it is reported."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from official_layouts import LAYOUTS

from eovseg_model.cli.main import main
from eovseg_model.data.semantic import semantic_map
from eovseg_model.evaluation.datasets import DATASETS
from eovseg_model.evaluation.judging import evaluate
from eovseg_model.evaluation.paper import TABLE_1, reported
from eovseg_model.evaluation.report import row, to_json, to_markdown, to_text
from eovseg_model.evaluation.results import EvaluationResult, Scores
from eovseg_model.inference.panoptic import Instances
from eovseg_model.vocabulary.vocabulary import Vocabulary

PANOPTIC = [name for name, dataset in DATASETS.items() if dataset.panoptic]
SEMANTIC = [name for name in DATASETS if name not in PANOPTIC]
SIMULATION = ["--dataset", "simulation", "--data", "scenes", "--variant", "tiny"]


class Oracle:
    """Says the truth of image 0, and counts how often it is asked."""

    def __init__(self, data) -> None:
        self.calls = 0
        sample = data.samples[0]
        self._map, self._segments = sample.id_map, sample.segments
        labels = data.semantic.labels(0) if data.semantic else semantic_map(sample)
        things = [
            s for s in sample.segments if data.samples.categories[s.category].is_thing and not s.is_crowd
        ]
        masks = [sample.id_map == s.id for s in things]
        if data.instances:  # with the overlaps that an id map cannot have
            things = data.instances[0]
            masks = [np.arange(24).reshape(4, 6) % 6 < 3]  # the left half
        self._instances = Instances(
            torch.ones(len(things)),
            torch.tensor([s.category for s in things], dtype=torch.long),
            torch.from_numpy(np.array(masks, bool).reshape(-1, 4, 6)),
        )
        self._semantic = torch.from_numpy(labels.clip(0))

    def __call__(self, image: np.ndarray) -> SimpleNamespace:
        self.calls += 1
        return SimpleNamespace(
            label_image=self._map,
            segments=[SimpleNamespace(id=s.id, class_id=s.category) for s in self._segments],
            instances=self._instances,
            semantic=self._semantic,
            mask_logits=torch.zeros(1, 8, 16),
        )


def judged(name: str, root) -> tuple[EvaluationResult, Oracle]:
    LAYOUTS[name](root)
    data = DATASETS[name].open(root)
    oracle, vocabulary = Oracle(data), Vocabulary.parse(DATASETS[name].vocabulary)
    names = {
        "dataset_name": name,
        "variant": "tiny",
        "checkpoint": "none",
        "device": "cpu",
        "backend": "none",
    }
    return evaluate(oracle, vocabulary, data, DATASETS[name], **names, limit=5), oracle


@pytest.mark.parametrize("name", PANOPTIC)
def test_the_truth_is_perfect(name, tmp_path):
    """Crowds and void among it; asked once an image, though there are three metrics."""
    result, oracle = judged(name, tmp_path)
    everything = result.groups[0]
    assert oracle.calls == result.images == 1
    assert (everything.pq, everything.sq, everything.rq, everything.miou) == (100, 100, 100, 100)
    assert everything.ap == pytest.approx(100)
    assert [group.name for group in result.groups][:3] == ["all", "things", "stuff"]
    assert everything.num_true == sum(c.num_true or 0 for c in result.classes)
    assert result.input_size == (32, 64) and result.multiply_adds > result.parameters > 0


@pytest.mark.parametrize("name", SEMANTIC)
def test_the_semantic_truth_is_perfect(name, tmp_path):
    result, _ = judged(name, tmp_path)
    everything = result.groups[0]
    assert everything.miou == 100 and len(result.groups) == 1
    assert (everything.pq, everything.ap, everything.num_true) == (None, None, None)


def test_groups_of_the_simulated_world(tmp_path):
    """True are one red cube (class 0, trained) and one table (stuff)."""
    result, _ = judged("simulation", tmp_path)
    counts = {group.name: group.num_true for group in result.groups}
    assert counts == {
        "all": 2,
        "things": 1,
        "stuff": 1,
        "trained names": 2,
        "trained things": 1,
        "trained stuff": 1,
        "kept-out names": 0,
    }


def test_the_command_on_simulated_scenes(tmp_path, capsys):
    """Two images of which --limit takes one."""
    root = tmp_path / "scenes"
    LAYOUTS["simulation"](root)
    content = json.loads((root / "panoptic.json").read_text())
    content["images"].append({"id": 8, "file_name": "8.jpg"})
    content["annotations"].append({**content["annotations"][0], "image_id": 8})
    shutil.copy(root / "images/7.jpg", root / "images/8.jpg")
    (root / "panoptic.json").write_text(json.dumps(content))
    files = ["--json", str(tmp_path / "a.json"), "--markdown", str(tmp_path / "a.md")]
    arguments = ["evaluate", "--dataset", "simulation", "--data", str(root), "--variant", "tiny", *files]
    assert main([*arguments, "--limit", "1", "--short-side", "32"]) == 0
    printed = capsys.readouterr().out
    assert (
        "1 images, 53 classes, torch fp32 on cpu, input mostly 32x64" in printed
        and "kept-out names" in printed
    )
    assert "red mug" not in printed
    numbers = json.loads((tmp_path / "a.json").read_text())
    assert numbers["images"] == 1 and len(numbers["classes"]) == 53 and numbers["paper"] is None
    assert "| red mug |" in (tmp_path / "a.md").read_text()
    assert main([*arguments[:-4], "--short-side", "-1", "--per-class"]) == 0
    printed = capsys.readouterr().out
    assert "2 images" in printed and "red mug" in printed


@pytest.mark.parametrize("name", ["ade20k", "pascal_voc_20"])
def test_the_command_on_other_sets(name, tmp_path, capsys):
    LAYOUTS[name](tmp_path)
    assert main(["evaluate", "--dataset", name, "--data", str(tmp_path), "--variant", "tiny"]) == 0
    printed = capsys.readouterr()
    assert f"on {name}: 1 images" in printed.out
    assert "1/1" in printed.err and "computing scores" in printed.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--dataset", "ade", "--data", "."],
            "unknown data set 'ade'; choose from: coco, ade20k, ade20k_150",
        ),
        (["--dataset", "coco", "--data", "nowhere"], "3 of 3 parts missing: nowhere/val2017"),
        (["--dataset", "coco", "--data", ".", "--json", "nowhere/a.json"], "folder nowhere does not exist"),
        ([*SIMULATION, "--backend", "abacus"], "unknown backend 'abacus'; choose from: auto, torch"),
        (
            [*SIMULATION, "--precision", "fp16"],
            "backend torch does not support precision 'fp16'; choose from: fp32",
        ),
        ([*SIMULATION, "--backend", "tensorrt"], "tensorrt needs an NVIDIA GPU"),
    ],
)
def test_mistakes_get_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    LAYOUTS["simulation"](tmp_path / "scenes")
    assert main(["evaluate", *arguments]) == 2
    printed = capsys.readouterr().err.strip()
    assert words in printed and len(printed.splitlines()) == 1


def result_of(dataset: str, variant: str) -> EvaluationResult:
    scores = Scores("all", 12.34, 56.78, 21.0, None, 30.0, 9)
    costs = {"frames_per_second": 5.0, "parameters": 75_280_000, "multiply_adds": 121_400_000_000}
    return EvaluationResult(
        dataset=dataset,
        variant=variant,
        checkpoint="s.safetensors",
        images=9,
        groups=(scores,),
        classes=(Scores("wall", None, None, None, None, None, 0),),
        device="cpu",
        backend="torch fp32",
        input_size=(640, 864),
        **costs,
    )


def test_a_row_stands_beside_the_papers():
    result = result_of("ade20k", "s")
    _, run, paper = row(result)
    assert run == ("this run", "12.3", "56.8", "21.0", "-", "30.0", "5.0", "75.3", "121.4")
    assert paper == ("the paper", "15.1", "57.0", "18.9", "7.2", "21.9", "23.8", "71.0", "133.0")
    assert "12.3" in to_text(result, per_class=False) and "wall" not in to_text(result, per_class=False)
    assert "wall" in to_text(result, per_class=True)
    assert "| the paper | 15.1 | 57.0 |" in to_markdown(result)
    numbers = json.loads(to_json(result))
    assert numbers["paper"]["pq"] == 15.1 and numbers["groups"][0]["pq"] == 12.34
    assert numbers["classes"][0]["pq"] is None


def test_where_the_paper_reports_nothing_there_is_no_row():
    assert len(row(result_of("coco", "s"))) == len(row(result_of("ade20k", "tiny"))) == 2


def test_what_the_abstract_says_is_in_the_tables():
    """24.5 PQ, 32.1 mIoU, 11.6 FPS on ADE20K (L); 23.8 FPS with 71 M parameters (S)."""
    large, small = TABLE_1["l"], TABLE_1["s"]
    assert (large.pq, large.miou, large.frames_per_second) == (24.5, 32.1, 11.6)
    assert (small.frames_per_second, small.parameters) == (23.8, 71)


def test_the_semantic_table_has_its_own_rate():
    voc = reported("pascal_voc_20", "l")
    assert voc and (voc.miou, voc.frames_per_second, voc.parameters, voc.pq) == (94.8, 11.8, 225, None)
    for variant, first in TABLE_1.items():
        second = reported("ade20k_150", variant)
        assert second and second.miou == first.miou  # the same number stands in both tables
