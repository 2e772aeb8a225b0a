"""The examples in docstrings run and print what they say; what users meet first has one."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_EXAMPLE = sorted(p for p in (ROOT / "model").rglob("*.py") if ">>>" in p.read_text())
FINDER = doctest.DocTestFinder(exclude_empty=True)
# Rooms and what their doors have for users; a name with a dot is a method.
SHOWN = {
    "eovseg_model": [
        "EOVSegPredictor",
        "PanopticResult",
        "Vocabulary.parse",
    ],
    "eovseg_model.vocabulary": ["VocabularyClass", "load_vocabulary", "named_files"],
    "eovseg_model.inference": [
        *("fuse_panoptic", "fuse_semantic", "fuse_instances", "measure_regions", "upsample_masks"),
    ],
    "eovseg_model.geometry": [
        *("CameraModel", "depth_in_metres", "measure_geometry", "transform_points", "upright_box"),
    ],
    "eovseg_model.drawing": ["draw_overlay"],
    "eovseg_model.evaluation": ["PanopticQuality"],
    "eovseg_model.backends": ["BackendStatus"],
}


@pytest.mark.parametrize("path", WITH_EXAMPLE, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_examples_print_what_they_say(path: Path) -> None:
    name = ".".join(("eovseg_model", *path.relative_to(ROOT / "model").with_suffix("").parts))
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner()
    said: list[str] = []
    tests = FINDER.find(module, name)
    for test in tests:
        runner.run(test, out=said.append)
    assert any(test.examples for test in tests)
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize(("room", "name"), [(room, name) for room, names in SHOWN.items() for name in names])
def test_what_users_meet_first_has_an_example(room: str, name: str) -> None:
    value = importlib.import_module(room)
    for part in name.split("."):
        value = getattr(value, part)
    assert ">>> " in (value.__doc__ or "")
