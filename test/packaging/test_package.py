"""package.xml, pyproject.toml, setup.cfg and requirement files agree with each other and with the code."""

import ast
import configparser
import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENT_FILES = ("requirements.txt", "requirements-training.txt", "requirements-dev.txt")
OWN = {"eovseg_model", "eovseg_ros"}
# Import name -> name on PyPI, where the two differ.
ON_PYPI = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "lightning_fabric": "lightning-fabric",
    "open_clip": "open_clip_torch",
    "pybullet_data": "pybullet",
    "pybullet_utils": "pybullet",
    "rerun": "rerun-sdk",
    "yaml": "pyyaml",
    **dict.fromkeys(
        ("aiohttp", "fastapi", "socketio", "starlette", "uvicorn"), "nicegui"
    ),  # which is made of them
}
IN_ROS = {"tf2_ros": "tf2_ros_py"}  # import name -> ROS package, where the two differ
# Name on PyPI -> rosdep key, for what a robot takes from rosdep.
ROSDEP_KEYS = {
    "filelock": "python3-filelock",
    "numpy": "python3-numpy",
    "opencv-python-headless": "python3-opencv",
    "pillow": "python3-pil",
    "platformdirs": "python3-platformdirs",
    "pyyaml": "python3-yaml",
    "requests": "python3-requests",
    "scipy": "python3-scipy",
    "tqdm": "python3-tqdm",
    "torch": "python3-torch",
    "torchvision": "python3-torchvision",
}
NOT_ON_UBUNTU = {"torch", "torchvision"}  # rosdep has the keys, Ubuntu 24.04 not the packages
NOT_FOR_THE_NODE = ["training", "evaluation", "simulation"]  # rooms of the model
# Of NVIDIA, and installed by who has a GPU for it: docs/nvidia.md. CI installs tensorrt_rtx (.ci/run).
BY_HAND = {"tensorrt", "tensorrt_rtx", "torch_tensorrt"}
TOO_LARGE = {"rerun-sdk"}  # for everybody's environment: 790 MB
IMPORTED_BY_OTHERS = {"timm": "open_clip's TimmModel", "tensorboard": "torch.utils.tensorboard"}
NOT_IMPORTED = {
    "ament_cmake",
    "ament_cmake_python",
    "ament_cmake_pytest",
    "rosidl_default_generators",
    "rosidl_default_runtime",
    "python3-pytest",
}


def manifest_dependencies() -> dict[str, ElementTree.Element]:
    return {element.text or "": element for element in MANIFEST if element.tag.endswith("depend")}


def requirement_lines(path: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def requirements(lines: Iterable[str]) -> dict[str, str]:
    """Name -> versions and marker."""
    split = (re.fullmatch(r"([\w-]+)(?:\[.*\])?(.*)", line) for line in lines)
    return {match[1]: match[2] for match in split if match}


DEPENDENCIES = requirements(PROJECT["dependencies"])
EXTRAS = {name: requirements(lines) for name, lines in PROJECT["optional-dependencies"].items()}


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
    return {IN_ROS.get(name, name) for name in names - OWN - sys.stdlib_module_names}


def python_packages(folder: str, without: Iterable[str] = ()) -> set[str]:
    """Names on PyPI of what a folder imports, without ROS packages."""
    imported = third_party_imports(folder, without) - manifest_dependencies().keys() - BY_HAND
    return {ON_PYPI.get(name, name) for name in imported}


def test_a_robot_gets_what_the_node_and_the_model_import() -> None:
    from_pypi = requirements(requirement_lines(ROOT / "requirements.txt")).keys()
    # Programs name what they miss.
    optional = {name for extra in ("export", "web", "bags", "rerun", "ray") for name in EXTRAS[extra]}
    for packages in (python_packages("model", NOT_FOR_THE_NODE), python_packages("eovseg_ros")):
        from_rosdep = {name for name in packages if ROSDEP_KEYS.get(name) in manifest_dependencies()}
        assert packages - from_rosdep - optional <= from_pypi
    assert from_pypi <= DEPENDENCIES.keys()


@pytest.mark.filterwarnings("ignore:.*deprecated")  # in catkin_pkg
def test_torch_comes_from_pypi_on_ubuntu_24_04() -> None:
    package = pytest.importorskip("catkin_pkg.package").parse_package(str(ROOT / "package.xml"))
    conditional = {ROSDEP_KEYS[name] for name in NOT_ON_UBUNTU}
    for distribution, declared in (("jazzy", set()), ("kilted", set()), ("", conditional)):
        package.evaluate_conditions({"ROS_DISTRO": distribution})
        names = {dependency.name for dependency in package.exec_depends if dependency.evaluated_condition}
        assert names & conditional == declared
    assert NOT_ON_UBUNTU <= requirements(requirement_lines(ROOT / "requirements.txt")).keys()


def test_pip_installs_what_the_model_imports() -> None:
    needs = {room: python_packages(f"model/{room}") for room in NOT_FOR_THE_NODE}
    rest = python_packages("model", NOT_FOR_THE_NODE)
    assert rest <= DEPENDENCIES.keys() | EXTRAS["export"].keys()
    for room, names in needs.items():
        assert names <= DEPENDENCIES.keys() | EXTRAS[room].keys(), room
    extras = {name for extra in ("node", "web", "bags", "rerun", "ray") for name in EXTRAS[extra]}
    assert python_packages("eovseg_ros") <= DEPENDENCIES.keys() | extras


def test_every_dependency_of_the_pip_package_is_imported() -> None:
    used = python_packages("model") | python_packages("eovseg_ros") | IMPORTED_BY_OTHERS.keys()
    extras = {name for extra in EXTRAS if extra != "dev" for name in EXTRAS[extra]}
    assert DEPENDENCIES.keys() | extras == used


def test_every_ros_package_that_is_imported_is_declared_and_no_other() -> None:
    imported = third_party_imports("eovseg_ros") | third_party_imports("launch")
    optional = {name for extra in ("web", "bags", "ray") for name in EXTRAS[extra]}
    python = set(ON_PYPI) | DEPENDENCIES.keys() | ROSDEP_KEYS.keys() | optional
    declared = manifest_dependencies().keys() - NOT_IMPORTED - set(ROSDEP_KEYS.values())
    in_messages = set(re.findall(r"^(\w+)/\w+", "\n".join(p.read_text() for p in messages()), re.MULTILINE))
    assert declared == (imported - python) | in_messages


def test_every_python_package_of_the_manifest_is_imported() -> None:
    keys = {name for name in manifest_dependencies() if name.startswith("python3-")} - NOT_IMPORTED
    used = python_packages("model", NOT_FOR_THE_NODE) | python_packages("eovseg_ros")
    assert keys == {ROSDEP_KEYS[name] for name in used if name in ROSDEP_KEYS}


def bounds() -> Iterator[tuple[str, str, str]]:
    """(file, package, its versions) for every package that a file beside pyproject.toml names."""
    for name in REQUIREMENT_FILES:
        for package, versions in requirements(requirement_lines(ROOT / name)).items():
            yield name, package, versions
    for package, key in ROSDEP_KEYS.items():
        if key in manifest_dependencies():
            yield "package.xml", package, f">={manifest_dependencies()[key].get('version_gte')}"


def test_a_package_has_the_same_bounds_wherever_it_is_named() -> None:
    wanted = DEPENDENCIES.copy()
    for extra in EXTRAS.values():
        wanted |= {package: versions for package, versions in extra.items() if package != PROJECT["name"]}
    for where, package, versions in bounds():
        if package in wanted:
            lowest = wanted[package].partition(",")[0] if where == "package.xml" else wanted[package]
            assert versions == lowest, f"{package} in {where}"


def test_every_dependency_that_users_install_has_a_lower_bound() -> None:
    users = [DEPENDENCIES, *(versions for extra, versions in EXTRAS.items() if extra != "dev")]
    assert [name for packages in users for name, versions in packages.items() if ">=" not in versions] == []


def test_the_dev_extra_and_the_development_file_name_the_same_packages() -> None:
    file = {name for where, name, _ in bounds() if where != "package.xml"}
    extras = {name for extra in EXTRAS.values() for name in extra} | DEPENDENCIES.keys()
    only_for_make = {"pip", "setuptools", "cmake", "ninja", "colcon-common-extensions"}
    wanted = extras - {PROJECT["name"]} - TOO_LARGE
    assert {n for n in file if not n.startswith("ros-")} - only_for_make == wanted


def test_manifest_is_a_ros_2_interface_package() -> None:
    assert MANIFEST.get("format") == "3"
    assert MANIFEST.findtext("name") == "eovseg_ros"
    assert MANIFEST.findtext("export/build_type") == "ament_cmake"
    assert MANIFEST.findtext("member_of_group") == "rosidl_interface_packages"
    assert {"rosidl_default_generators", "rosidl_default_runtime"} <= manifest_dependencies().keys()


def messages() -> list[Path]:
    return [path for folder in ("msg", "srv") for path in (ROOT / folder).glob("*.[ms][sr][gv]")]


def test_every_message_file_is_generated() -> None:
    built = set(re.findall(r"(?:msg|srv)/\w+\.(?:msg|srv)", (ROOT / "CMakeLists.txt").read_text()))
    assert built == {path.relative_to(ROOT).as_posix() for path in messages()}


def test_manifest_and_pip_package_have_one_version() -> None:
    assert PROJECT["version"] == MANIFEST.findtext("version")


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_requirement_has_a_pinned_version(python: str) -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    here = [line for line in lines if "python_version" not in line or f'"{python}"' in line]
    pinned = {line.partition("==")[0] for line in here}
    for name in REQUIREMENT_FILES:
        wanted = {package.replace("_", "-") for package in requirements(requirement_lines(ROOT / name))}
        assert wanted - ({"pybullet"} if python != "3.11" else set()) <= pinned


def console_scripts() -> dict[str, str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options.entry_points"]["console_scripts"].strip().splitlines()
    return dict(re.split(r"\s*=\s*", line) for line in lines)


@pytest.mark.parametrize(
    "name", ["eovseg_node", "sim_camera", "recorded_camera", "eovseg-ros", "eovseg-bags", "eovseg"]
)
def test_console_script_starts_a_function_that_exists(name: str) -> None:
    module, _, function = console_scripts()[name].partition(":")
    path = ROOT / (module.replace("eovseg_model", "model").replace(".", "/") + ".py")
    assert path.is_file()
    tree = ast.parse(path.read_text())
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_both_installations_start_the_same_function_as_eovseg() -> None:
    assert PROJECT["scripts"] == {name: console_scripts()[name] for name in ("eovseg", "eovseg-bags")}
