"""package.xml, setup.py, setup.cfg and the requirement files agree with each other and with the code."""

import ast
import configparser
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
OWN = {"eovseg_model", "eovseg_ros"}
# Import name -> name in the requirements or the rosdep key, where the two differ.
DECLARED_AS = {
    "PIL": "python3-pil",
    "cv2": "python3-opencv",
    "lightning_fabric": "lightning-fabric",
    "numpy": "python3-numpy",
    "open_clip": "open_clip_torch",
    "pybullet_data": "pybullet",
    "pybullet_utils": "pybullet",
    "requests": "python3-requests",
    "scipy": "python3-scipy",
    "yaml": "python3-yaml",
}
NOT_FOR_THE_NODE = ["training", "evaluation", "simulation"]  # folders of the model
# Only used where a ROS install has it, or where somebody wants another runtime.
OPTIONAL = {"vision_msgs", "onnx", "onnxruntime", "onnxscript", "openvino", "tensorrt", "torch_tensorrt"}


def manifest_dependencies() -> set[str]:
    return {element.text or "" for element in MANIFEST if element.tag.endswith("depend")}


def requirement_names(path: Path) -> set[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return {re.split(r"[<>=;\[ ]", line)[0] for line in lines if line and not line.startswith("-")}


def third_party_imports(folder: str, without: Iterable[str] = ()) -> set[str]:
    names: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        if path.relative_to(ROOT / folder).parts[0] in without:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.split(".")[0])
    return names - OWN - sys.stdlib_module_names


@pytest.mark.parametrize(
    ("folder", "without", "files"),
    [
        ("model", NOT_FOR_THE_NODE, ["requirements.txt"]),
        ("model", [], ["requirements.txt", "requirements-training.txt"]),
        ("eovseg_ros", [], ["requirements.txt"]),
        ("launch", [], []),
    ],
)
def test_every_import_is_declared(folder: str, without: list[str], files: list[str]) -> None:
    declared = manifest_dependencies().union(*(requirement_names(ROOT / name) for name in files))
    needed = {DECLARED_AS.get(name, name) for name in third_party_imports(folder, without)} - OPTIONAL
    assert needed <= declared


def test_pip_installs_what_the_model_imports() -> None:
    nodes = ast.walk(ast.parse((ROOT / "setup.py").read_text()))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    declared = {re.split("[<>=]", text)[0] for text in texts}
    keys = {DECLARED_AS.get(name, name) for name in third_party_imports("model") - OPTIONAL}
    pip_names = {"python3-opencv": "opencv-python-headless", "python3-pil": "pillow"}
    assert {pip_names.get(key, key.removeprefix("python3-")) for key in keys} <= declared


def test_manifest_is_a_ros_2_interface_package() -> None:
    assert MANIFEST.get("format") == "3"
    assert MANIFEST.findtext("name") == "eovseg_ros"
    assert MANIFEST.findtext("export/build_type") == "ament_cmake"
    assert MANIFEST.findtext("member_of_group") == "rosidl_interface_packages"
    assert {"rosidl_default_generators", "rosidl_default_runtime"} <= manifest_dependencies()


def test_every_message_file_is_generated() -> None:
    built = set(re.findall(r"msg/\w+\.msg", (ROOT / "CMakeLists.txt").read_text()))
    assert built == {f"msg/{path.name}" for path in (ROOT / "msg").iterdir()}


def test_manifest_and_pip_package_have_one_version() -> None:
    version = subprocess.run(
        [sys.executable, "setup.py", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()[-1]
    assert version == MANIFEST.findtext("version")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_requirement_has_a_pinned_version(python: str) -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    here = [line for line in lines if "python_version" not in line or f'"{python}"' in line]
    pinned = {line.partition("==")[0] for line in here}
    for name in ("requirements.txt", "requirements-training.txt", "requirements-dev.txt"):
        wanted = {requirement.replace("_", "-") for requirement in requirement_names(ROOT / name)}
        assert wanted - ({"pybullet"} if python != "3.11" else set()) <= pinned


def console_scripts() -> dict[str, str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options.entry_points"]["console_scripts"].strip().splitlines()
    return dict(re.split(r"\s*=\s*", line) for line in lines)


@pytest.mark.parametrize("name", ["eovseg_node", "sim_camera", "recorded_camera", "eovseg-ros", "eovseg"])
def test_console_script_starts_a_function_that_exists(name: str) -> None:
    module, _, function = console_scripts()[name].partition(":")
    path = ROOT / (module.replace("eovseg_model", "model").replace(".", "/") + ".py")
    assert path.is_file()
    tree = ast.parse(path.read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.fixture
def pip_files(tmp_path: Path) -> Callable[[], set[str]]:
    """Builds what `pip install .` installs and lists it."""

    def build() -> set[str]:
        steps = ["egg_info", "-e", str(tmp_path), "build", "--build-base", str(tmp_path)]
        subprocess.run([sys.executable, "setup.py", *steps], cwd=ROOT, check=True, capture_output=True)
        library = tmp_path / "lib"
        return {path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()}

    return build


def test_pip_installs_the_whole_model_and_nothing_else(pip_files: Callable[[], set[str]]) -> None:
    suffixes = {".py", ".pyi", ".typed", ".json", ".safetensors"}
    model = ROOT / "model"
    source = {path.relative_to(model).as_posix() for path in model.rglob("*") if path.suffix in suffixes}
    assert pip_files() == {f"eovseg_model/{path}" for path in source}
