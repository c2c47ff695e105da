"""What relies on a file: the names that other modules take from it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from groundrules.course.states import files_below


def relying_on(application: Path, file: str, instead: Path) -> list[tuple[str, str]]:
    """Return which modules of an application use names of `file` that the file `instead` lacks.

    Each is a module's file and such a name; a module counts only if it imports `file`.
    """
    missing = _defined(_tree(application / file)) - _mentioned(_tree(instead))
    found = []
    for path in files_below(application / "app") if missing else ():
        name = path.relative_to(application).as_posix()
        if name == file or path.suffix != ".py":
            continue
        tree = _tree(path)
        if _imports(tree, Path(file).stem):
            found += [(name, each) for each in sorted(missing & _mentioned(tree))]
    return found


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that a module, and each class in it, defines."""
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef)]
    return {name for scope in scopes for node in scope.body for name in _names(node)}


def _names(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _mentioned(tree: ast.Module) -> set[str]:
    found = _defined(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.add(name)
    return found


def _imports(tree: ast.Module, module: str) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=source, names=names):
                if (source or "").split(".")[-1] == module or module in {
                    alias.name for alias in names
                }:
                    return True
            case ast.Import(names=names):
                if module in {alias.name.split(".")[-1] for alias in names}:
                    return True
    return False
