"""The code unpickles nothing, evaluates no text and hands none to a shell."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from eovseg_model.checkpoint.loading import CheckpointError, read_state_dict

ROOT = Path(__file__).parents[2]
PLACES = ("model", "eovseg_ros", "tools", "examples", "launch", "setup.py")
PICKLES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "jsonpickle"}
HARMLESS = {"pickle.UnpicklingError"}  # an exception, to catch what torch.load raises
SAFE_LOADERS = {f"yaml.{name}" for name in ("SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader")}
TEXT_AS_CODE = {f"{place}{name}" for place in ("", "builtins.") for name in ("eval", "exec")}
FORBIDDEN = {
    "__import__": "imports what a text names",
    "importlib.import_module": "imports what a text names",
    "os.system": "starts a shell",
    "os.popen": "starts a shell",
    "subprocess.getoutput": "starts a shell",
    "subprocess.getstatusoutput": "starts a shell",
    "asyncio.create_subprocess_shell": "starts a shell",
    "yaml.full_load": "makes objects of any type",
    "yaml.full_load_all": "makes objects of any type",
    "yaml.unsafe_load": "makes objects of any type",
    "yaml.unsafe_load_all": "makes objects of any type",
    "pandas.read_pickle": "unpickles",
    "torch.hub.load": "runs code from the internet",
    "shutil.unpack_archive": "unpacks paths that the archive chooses",
}


def faults_of(source: str) -> list[str]:
    """Line and reason of everything in a Python file that could run code out of data."""
    tree = ast.parse(source)
    names = dict(_imported(tree))
    faults = [
        (node.lineno, f"imports {module}")
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for module in _modules(node)
        if module.partition(".")[0] in PICKLES and module not in HARMLESS
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            faults += [(node.lineno, fault) for fault in _faults_of_call(node, names)]
    return [f"line {line}: {fault}" for line, fault in sorted(faults)]


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The full names that an import statement asks for; none for a relative import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names] if not node.level else []


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Local name -> full name of everything that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias, module in zip(node.names, _modules(node), strict=False):
                if alias.asname or isinstance(node, ast.ImportFrom):
                    yield alias.asname or alias.name, module
                else:
                    yield module.partition(".")[0], module.partition(".")[0]


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    """`np.load` -> numpy.load, as the file's imports have it; empty for what is no dotted name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (start := _full_name(node.value, names)):
        return f"{start}.{node.attr}"
    return ""


def _faults_of_call(call: ast.Call, names: dict[str, str]) -> Iterator[str]:
    name = _full_name(call.func, names)
    last = call.func.attr if isinstance(call.func, ast.Attribute) else name.rpartition(".")[2]
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in FORBIDDEN:
        yield f"{name} {FORBIDDEN[name]}"
    if name in TEXT_AS_CODE and not (call.args and isinstance(call.args[0], ast.Constant)):
        yield f"{name} of a text that is not written here"
    if name == "torch.load" and not _is(options.get("weights_only"), True):
        yield "torch.load without weights_only=True unpickles"
    if name in ("numpy.load", "numpy.lib.npyio.NpzFile"):
        positional = call.args[2] if len(call.args) > 2 else None
        allowed = options.get("allow_pickle", positional)
        if (allowed is not None and not _is(allowed, False)) or None in options:
            yield "numpy.load with allow_pickle unpickles"
    if name in ("yaml.load", "yaml.load_all"):
        loader = options.get("Loader", call.args[1] if len(call.args) > 1 else None)
        if loader is None or _full_name(loader, names) not in SAFE_LOADERS:
            yield f"{name} without SafeLoader makes objects of any type"
    if "shell" in options and not _is(options["shell"], False):
        yield "shell=True starts a shell"
    if "trust_remote_code" in options and not _is(options["trust_remote_code"], False):
        yield "trust_remote_code runs code from the internet"
    if last in ("extractall", "extract") and isinstance(call.func, ast.Attribute):
        yield f"{last} unpacks paths that the archive chooses"


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


FILES = sorted(
    path
    for place in PLACES
    for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
)


def test_every_place_has_files():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PLACES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_runs_code_out_of_data(path):
    assert faults_of(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        *(f"import {module}" for module in sorted(PICKLES)),
        "from pickle import loads",
        "from pickle import UnpicklingError, Unpickler",
        "import os.path, pickle as p",
        "def f():\n    import joblib",
        "from multiprocessing import Pool\nfrom dill import load",
        "import torch\ntorch.load('f')",
        "import torch\ntorch.load('f', weights_only=False)",
        "import torch\ntorch.load('f', weights_only=flag)",
        "import torch as t\nt.load('f')",
        "from torch import load\nload('f')",
        "from torch import load as read\nread('f')",
        "import torch\ntorch.hub.load('a/b', 'c')",
        "import numpy as np\nnp.load('f', allow_pickle=True)",
        "import numpy as np\nnp.load('f', allow_pickle=flag)",
        "import numpy as np\nnp.load('f', None, True)",
        "import numpy as np\nnp.load('f', **options)",
        "from numpy import load\nload('f', allow_pickle=True)",
        "import yaml\nyaml.load(text)",
        "import yaml\nyaml.load(text, Loader=yaml.Loader)",
        "import yaml\nyaml.load(text, yaml.UnsafeLoader)",
        "from yaml import load_all\nload_all(text)",
        "import yaml\nyaml.full_load(text)",
        "import yaml\nyaml.unsafe_load(text)",
        "eval(text)",
        "exec(text)",
        "exec(f'{text}')",
        "import builtins\nbuiltins.eval(text)",
        "__import__(name)",
        "import importlib\nimportlib.import_module(name)",
        "import os\nos.system('ls')",
        "from os import popen\npopen('ls')",
        "import subprocess\nsubprocess.run(line, shell=True)",
        "import subprocess\nsubprocess.Popen(line, shell=flag)",
        "from subprocess import getoutput\ngetoutput(line)",
        "import tarfile\ntarfile.open('f').extractall('here')",
        "import zipfile\nwith zipfile.ZipFile('f') as file:\n    file.extract(name)",
        "import shutil\nshutil.unpack_archive('f')",
        "model(name, trust_remote_code=True)",
    ],
)
def test_each_danger_is_noticed(source):
    line = source.count("\n") + 1
    assert [fault.partition(":")[0] for fault in faults_of(source)] == [f"line {line}"]


@pytest.mark.parametrize(
    "source",
    [
        "from pickle import UnpicklingError",
        "from .pickle import load\nload('f')",
        "import torch\ntorch.load('f', weights_only=True, map_location='cpu')",
        "import numpy as np\nnp.load('f')\nnp.load('f', allow_pickle=False)\nnp.load('f', 'r')",
        "import yaml\nyaml.safe_load(text)\nyaml.load(text, Loader=yaml.CSafeLoader)\n",
        "from yaml import SafeLoader, load\nload(text, SafeLoader)",
        "import json\njson.load(file)",
        "model.eval()\nself.exec(text)\nexec('')",
        "import subprocess\nsubprocess.run(['ls'], shell=False)",
        "import zipfile\nzipfile.ZipFile('f').read('name')",
    ],
)
def test_what_is_safe_passes(source):
    assert faults_of(source) == []


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_that_holds_code_is_refused_and_the_code_does_not_run(tmp_path, zipped):
    checkpoint, trace = tmp_path / "weights.pth", tmp_path / "trace"
    content = {"model": {"weight": torch.ones(1)}, "extra": Bomb(trace)}
    torch.save(content, checkpoint, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match="could run code"):
        read_state_dict(checkpoint)
    assert not trace.exists()
    torch.load(checkpoint, weights_only=False)
    assert trace.exists()  # the file was dangerous indeed
