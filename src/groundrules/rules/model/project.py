"""A whole project as rules see it."""

import ast
import io
import os
import tokenize
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from groundrules.rules.model.files import (
    Package,
    imported_tops,
    mentions_fastapi,
    modules_in,
    python_files,
    read_bytes,
)
from groundrules.rules.model.mapped import Mapped
from groundrules.rules.model.names import Names
from groundrules.rules.model.reader import read_module
from groundrules.rules.model.routes import Route, Routes
from groundrules.rules.model.tree import Function, Module

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Broken:
    """A file that could not be read or parsed, and why, as a sentence."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, eq=False)
class Project:
    """The code of one application package.

    :param files: how many files of code it has.
    :param modules: every module that could be parsed, by its dotted name; a folder without an
        `__init__.py` is an empty one.
    """

    package: Package
    files: int
    modules: dict[str, Module]
    broken: list[Broken] = field(default_factory=list)

    @cached_property
    def names(self) -> Names:
        """What the project's names stand for."""
        return Names(self.modules)

    @cached_property
    def routes(self) -> list[Route]:
        """Every registration of a handler for HTTP requests."""
        return Routes(self.names).all()

    @cached_property
    def handlers(self) -> list[Function]:
        """The functions that answer HTTP requests, each once."""
        return list(dict.fromkeys(route.handler for route in self.routes))

    @cached_property
    def mapped(self) -> Mapped:
        """The classes that SQLAlchemy maps to tables."""
        return Mapped(self.names)

    @property
    def functions(self) -> list[Function]:
        """Every function and method of the project."""
        return [each for module in self.modules.values() for each in module.functions]


def load_project(package: Package, progress: Progress | None = None) -> Project:
    """Read and parse the code of a package and of the modules beside it that belong to it."""
    files = list(python_files(package.folder))
    files += _beside(package, files)
    project = Project(package, len(files), {})
    for number, file in enumerate(files, start=1):
        if progress is not None:
            progress(number, len(files))
        _load(project, file)
    _add_namespaces(project.modules)
    return project


def _beside(package: Package, files: list[Path]) -> list[Path]:
    """Return the modules beside a package that hold FastAPI code, or that its code imports."""
    if package.folder == package.imports:
        return []
    candidates = modules_in(package.imports)
    found = [file for file in candidates if mentions_fastapi(file)]
    named = [file for file in candidates if file not in found]
    reading = [*files, *found]
    while named and reading:
        imported = {name for file in reading for name in imported_tops(file)}
        reading = [file for file in named if file.stem in imported]
        named = [file for file in named if file not in reading]
        found += reading
    return sorted(found)


def relative(path: Path, root: Path) -> str:
    """Return `path` as seen from `root`, with forward slashes."""
    return Path(os.path.relpath(path, root)).as_posix()


def _load(project: Project, file: Path) -> None:
    package = project.package
    path = relative(file, package.root)
    try:
        content = read_bytes(file)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        project.broken.append(Broken(path, 1, 1, f"{path} cannot be read: {reason}."))
        return
    try:
        tree = ast.parse(content)
        text = _decode(content)
    except SyntaxError as error:
        line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
        project.broken.append(Broken(path, line, column, f"{path} does not parse: {error.msg}."))
    except (ValueError, LookupError) as error:
        project.broken.append(Broken(path, 1, 1, f"{path} does not parse: {error}."))
    except (RecursionError, MemoryError):
        project.broken.append(
            Broken(path, 1, 1, f"{path} does not parse: its code is nested too deeply.")
        )
    else:
        inside = file.relative_to(package.folder).parts if package.holds(file) else None
        name, is_package = _module_name(Path(os.path.relpath(file, package.imports)))
        module = Module(name, path, text, is_package, inside, tree)
        project.modules[name] = read_module(module)


def _add_namespaces(modules: dict[str, Module]) -> None:
    parents = {parent for name in modules for parent in _parents(name)}
    for name in sorted(parents - modules.keys()):
        empty = Module(name, name.replace(".", "/"), "", is_package=True, parts=None)
        modules[name] = read_module(empty)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _decode(content: bytes) -> str:
    encoding = "utf-8-sig"
    if b"coding" in b"".join(content.split(b"\n", 2)[:2]):  # where PEP 263 wants it
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def _module_name(path: Path) -> tuple[str, bool]:
    parts = list(path.with_suffix("").parts)
    if parts[-1] == "__init__":
        return ".".join(parts[:-1]), True
    return ".".join(parts), False
