"""Print what rerun lacks of the stand-in in a folder: class, method and missing parameters, a line each."""

import importlib.util
import inspect
import sys
from pathlib import Path

import rerun
import rerun.blueprint


def load(folder):
    """Import the stand-in under another name."""
    place = str(folder / "rerun" / "__init__.py")
    spec = importlib.util.spec_from_file_location(
        "stand_in", place, submodule_search_locations=[str(folder / "rerun")]
    )
    sys.modules["stand_in"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parameters_of(function):
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {name for name, one in inspect.signature(function).parameters.items() if one.kind in named}


def compare(ours, theirs):
    for name, cls in vars(ours).items():
        if not inspect.isclass(cls) or name.startswith("_") or cls.__module__ != ours.__name__:
            continue
        for method, value in vars(cls).items():
            if method == "__init__" or (not method.startswith("_") and callable(getattr(cls, method))):
                function = getattr(value, "__func__", value)
                missing = parameters_of(function) - parameters_of(getattr(getattr(theirs, name), method))
                print(name, method, sorted(missing - {"self", "cls"}))


stand_in = load(Path(sys.argv[1]))
compare(stand_in, rerun)
compare(stand_in.blueprint, rerun.blueprint)
