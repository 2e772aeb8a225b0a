"""Rooms import one way and through each other's doors, and no files import each other in a circle.

A room is a folder at the root of a building; its door, __init__.pyi, lists what other rooms may use.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
BUILDINGS = {"eovseg_model": ROOT / "model", "eovseg_ros": ROOT / "eovseg_ros"}
# What a room may use stands before it.
ORDER = (
    *("eovseg_model." + room for room in ("checkpoint", "network", "vocabulary", "export", "backends")),
    *("eovseg_model." + room for room in ("inference", "tracking", "geometry", "drawing")),
    *("eovseg_model." + room for room in ("data", "simulation")),
    *("eovseg_model." + room for room in ("evaluation", "training", "benchmark", "cli")),
    *("eovseg_ros." + room for room in ("messages", "processes", "node", "simulation", "clients")),
    *("eovseg_ros." + room for room in ("viewer", "bags", "web", "benchmarks", "demo", "cli")),
)
FORMER_PLACES = {"eovseg_model.predictor"}  # kept for one release
INNER_ROOMS = {"eovseg_model.network", "eovseg_model.export"}  # of no concern to the node
GENERATED = ("eovseg_ros.msg", "eovseg_ros.srv")
ROS_PACKAGES = {"rclpy", "eovseg_ros", "launch", "launch_ros", "ament_index_python", "cv_bridge"}
MOST_FILES = 12  # at the first level of a room
MOST_LINES = 250  # of a file


class Import(NamedTuple):
    """`from module import name`, or `import module`."""

    module: str
    name: str


def module_of(path: Path) -> str:
    """The full dotted name of a file, or of the folder whose __init__ it is."""
    package, folder = next((p, f) for p, f in BUILDINGS.items() if path.is_relative_to(f))
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts)))


def imports_of(path: Path) -> Iterator[Import]:
    """What a file imports anywhere in it, relative names resolved."""
    package = module_of(path.parent / "__init__.py").split(".")
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            yield from (Import(module, alias.name) for alias in node.names)


def room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


FILES = {module_of(path): path for folder in BUILDINGS.values() for path in sorted(folder.rglob("*.py"))}
ROOMS = sorted(module for module in FILES if module.count(".") == 1)
INSIDE = {m: p for m, p in FILES.items() if m.count(".") > 1 and p.stem != "__init__"}


def test_every_room_has_its_place_and_nothing_else_is_at_a_root() -> None:
    assert set(ROOMS) - FORMER_PLACES == set(ORDER)
    for folder in BUILDINGS.values():
        assert {path.name for path in folder.iterdir() if path.is_file()} <= {
            "__init__.py",
            "__init__.pyi",
            "py.typed",
        }


@pytest.mark.parametrize("room", ORDER)
def test_a_room_says_what_it_is_for_in_a_sentence_and_holds_a_dozen_files(room: str) -> None:
    folder = FILES[room].parent
    assert len(list(folder.glob("*.py"))) - 1 <= MOST_FILES
    for path in folder.rglob("__init__.py"):
        sentence = ast.get_docstring(ast.parse(path.read_text()))
        assert sentence and "\n" not in sentence and sentence.endswith(".")


@pytest.mark.parametrize("module", INSIDE)
def test_a_file_uses_other_rooms_by_their_doors_and_only_those_before_its_own(module: str) -> None:
    own = room_of(module)
    for used, name in imports_of(INSIDE[module]):
        if used.split(".")[0] not in BUILDINGS or room_of(used) == own or used in GENERATED:
            continue
        assert used in ORDER, f"{module} imports {name} past the door of {room_of(used)}"
        assert ORDER.index(used) < ORDER.index(own), f"{module} imports from {used}"
        assert not (own.startswith("eovseg_ros") and used in INNER_ROOMS), f"{module} imports from {used}"


def test_a_file_is_short_enough_to_be_read_at_once() -> None:
    lengths = {module: len(path.read_text().splitlines()) for module, path in FILES.items()}
    assert {module: lines for module, lines in lengths.items() if lines > MOST_LINES} == {}


def doors() -> dict[tuple[str, str], str]:
    """(room, name) -> the file that a door leads to."""
    return {
        (room, name): module
        for room in ORDER
        if (stub := FILES[room].with_suffix(".pyi")).exists()
        for module, name in imports_of(stub)
    }


def test_every_door_is_used_or_documented() -> None:
    used = {(i.module, i.name) for path in INSIDE.values() for i in imports_of(path)}
    page = (ROOT / "docs" / "api.md").read_text()
    assert {name for room, name in doors() if (room, name) not in used and f"`{name}" not in page} == set()


def test_no_circle_of_files() -> None:
    leads_to = doors()
    remaining = {}
    for module, path in FILES.items():
        targets = set()
        for used, name in imports_of(path):
            target = leads_to.get((used, name), used)
            targets |= {f"{target}.{name}", target} & INSIDE.keys()
        remaining[module] = targets
    while remaining:
        free = {module for module, needed in remaining.items() if not needed & remaining.keys()}
        assert free, f"these import each other: {sorted(remaining)}"
        remaining = {module: needed for module, needed in remaining.items() if module not in free}


def test_the_model_knows_no_ros() -> None:
    for module, path in FILES.items():
        if module.startswith("eovseg_model"):
            for used, _ in imports_of(path):
                top = used.split(".")[0]
                assert top not in ROS_PACKAGES and not top.endswith(("_msgs", "_msgs_py")), module


def test_the_front_door_loads_nothing_before_it_is_asked() -> None:
    program = """
import sys, eovseg_model
assert not {"torch", "numpy", "cv2"} & sys.modules.keys()
assert {"EOVSegPredictor", "PanopticResult", "Vocabulary"} <= set(dir(eovseg_model))
from eovseg_model import Vocabulary
assert "torch" not in sys.modules
from eovseg_model import EOVSegPredictor, PanopticResult
assert EOVSegPredictor.__name__ == "EOVSegPredictor" and PanopticResult.__name__ == "PanopticResult"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("program", "commands"),
    [
        ("eovseg_model.cli.main", "segment train evaluate scenes info weights benchmark gpu-check export"),
        ("eovseg_ros.bags.main", "label relabel find benchmark example"),
    ],
)
def test_a_program_tells_its_options_before_it_loads_pytorch(program: str, commands: str) -> None:
    code = f"""
import contextlib, importlib, io, sys
main = importlib.import_module({program!r}).main
for words in ["--help"], *([command, "--help"] for command in {commands!r}.split()):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        main(words)
    assert out.getvalue().startswith("usage: "), words
assert not {{"torch", "scipy"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_predictors_former_place_warns() -> None:
    sys.modules.pop("eovseg_model.predictor", None)
    with pytest.warns(DeprecationWarning, match="from eovseg_model import EOVSegPredictor"):
        from eovseg_model.predictor import EOVSegPredictor
    import eovseg_model

    assert EOVSegPredictor is eovseg_model.EOVSegPredictor
