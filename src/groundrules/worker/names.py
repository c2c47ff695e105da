"""Finding what a dotted name means in the trainee's code."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


class Missing(Exception):
    """Something that a lesson names is not in the trainee's code; the text says what."""


def find(target: str, folder: Path) -> Any:
    """Return what a dotted name means, importing the modules on the way.

    Raises `Missing` if there is no such thing below `folder`, and whatever an import raises.
    """
    names = target.split(".")
    try:
        return _find(names, folder)
    except Missing:
        raise
    except BaseException:
        _forget(names[0])
        raise


def _find(names: list[str], folder: Path) -> Any:
    found: Any = import_module(names[0])
    if not any(Path(each).is_relative_to(folder) for each in found.__path__):
        raise Missing(f"{names[0]} is not the package in {folder}.")
    for position, name in enumerate(names[1:], start=1):
        if hasattr(found, name):
            found = getattr(found, name)
        elif isinstance(found, ModuleType):
            found = _import(".".join(names[: position + 1]), found, folder)
        else:
            raise Missing(f"{'.'.join(names[:position])} has no `{name}`.")
    return found


def _forget(package: str) -> None:
    """Let the next import begin anew.

    After one that failed half-way, the same mistake would be told as another: a table that is defined twice.
    """
    for module in [each for each in sys.modules if each.partition(".")[0] == package]:
        del sys.modules[module]


def _import(module: str, parent: ModuleType, folder: Path) -> ModuleType:
    name = module.rpartition(".")[2]
    if not hasattr(parent, "__path__"):
        raise Missing(f"{_shown(parent, folder)} has no `{name}`.")
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise Missing(f"{_shown(parent, folder)} has no `{name}`.") from None


def _shown(module: ModuleType, folder: Path) -> str:
    file = getattr(module, "__file__", None)
    if file is None:
        return module.__name__.replace(".", "/") + "/"
    path = Path(file)
    shown = path.parent if path.name == "__init__.py" else path
    return shown.relative_to(folder).as_posix()
