"""Imports go one way: config, layers, vocabulary -> stages -> eovseg -> build -> predictor -> the rest."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEVELS = (
    {"cache_folder", "config", "layers", "long_lived", "mask_sizes", "regions", "vocabulary_class"},
    {"folding", "vocabulary_files"},
    {"vocabulary"},
    {"preprocess", "backbone", "spatial", "text_encoder", "aggregator", "vas", "tdee", "decoder"}
    | {"ablations", "classification", "instance_embedding", "overlay", "overlay_names", "panoptic"},
    {"eovseg", "results", "text_cache"},
    {"build", "vocabulary_encoder"},
    {"complexity", "predictor"},
)
STAGES = 3  # the level whose modules may use one another, as long as no circle comes of it
OUTER = {"benchmark", "data", "training", "evaluation", "export", "simulation", "cli"}
NODE_MAY_USE = {"backends", "overlay", "regions", "vocabulary", "predictor"} | OUTER
ROS_PACKAGES = {"rclpy", "eovseg_ros", "launch", "launch_ros", "ament_index_python", "cv_bridge"}


def imports_of(path: Path, package: str) -> Iterator[str]:
    """Full names of the modules that a file of `package` imports, relative ones resolved."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = parents[: len(parents) + 1 - node.level] if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def model_imports(path: Path) -> set[str]:
    """Names right below eovseg_model that a file of the model imports."""
    package = ".".join(("eovseg_model", *path.parent.relative_to(ROOT / "model").parts))
    names = (name.split(".") for name in imports_of(path, package))
    return {parts[1] for parts in names if parts[0] == "eovseg_model" and len(parts) > 1}


def level_of(module: str) -> int:
    assert module in set().union(*LEVELS), f"give model/{module}.py its place in LEVELS"
    return next(level for level, modules in enumerate(LEVELS) if module in modules)


CORE = sorted(path for path in (ROOT / "model").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_a_core_module_imports_only_what_comes_before_it(path: Path) -> None:
    level = level_of(path.stem)
    allowed = set().union(*LEVELS[:level])
    if level == STAGES:
        allowed |= LEVELS[STAGES]
    if path.stem in ("build", "predictor"):
        allowed.add("checkpoint")
    if path.stem == "predictor":
        allowed.add("backends")
    assert model_imports(path) <= allowed


def test_stages_use_one_another_without_circles() -> None:
    stages = [path for path in CORE if path.stem in LEVELS[STAGES]]
    remaining = {path.stem: model_imports(path) & LEVELS[STAGES] for path in stages}
    while remaining:
        free = {module for module, needed in remaining.items() if not needed & remaining.keys()}
        assert free, f"these import each other: {sorted(remaining)}"
        remaining = {module: needed for module, needed in remaining.items() if module not in free}


def test_checkpoint_imports_no_model_file() -> None:
    for path in (ROOT / "model" / "checkpoint").rglob("*.py"):
        assert model_imports(path) <= {"checkpoint", "long_lived"}, path


def test_backends_import_no_predictor() -> None:
    """Engines are built from the exported graph, which pads its text as they do."""
    before = set().union(*LEVELS[: level_of("build")]) | {"backends", "checkpoint", "export"}
    for folder in ("backends", "export"):
        for path in (ROOT / "model" / folder).rglob("*.py"):
            assert model_imports(path) <= before, path


def test_every_folder_of_the_model_has_its_place_in_the_order() -> None:
    folders = {path.parent.name for path in (ROOT / "model").glob("*/__init__.py")}
    assert folders <= OUTER | {"backends", "checkpoint"}


def test_the_model_knows_no_ros() -> None:
    for path in (ROOT / "model").rglob("*.py"):
        for name in imports_of(path, "eovseg_model"):
            top = name.split(".")[0]
            assert top not in ROS_PACKAGES and not top.endswith(("_msgs", "_msgs_py")), (
                f"{path} imports {name}"
            )


def test_the_node_knows_no_layer() -> None:
    for path in (ROOT / "eovseg_ros").rglob("*.py"):
        names = (name.split(".") for name in imports_of(path, "eovseg_ros"))
        used = {parts[1] for parts in names if parts[0] == "eovseg_model" and len(parts) > 1}
        assert used <= NODE_MAY_USE, path
