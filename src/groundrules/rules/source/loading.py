"""Reads the files of a package, and of what belongs to it, into modules."""

import ast
import io
import os
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from groundrules.rules.source.files import (
    Package,
    imported_names,
    is_test,
    mentions_fastapi,
    modules_in,
    packages_in,
    python_files,
    read_bytes,
)
from groundrules.rules.source.newer import parse
from groundrules.rules.source.reader import read_module
from groundrules.rules.source.tree import Module

_MIGRATIONS = (
    ("\nrevision", "\ndown_revision"),
    ("piccolo.apps.migrations", "MigrationManager", "\nID", "\nasync def forwards("),
    ("BaseDBAsyncClient", "\nasync def upgrade(", "\nasync def downgrade("),
)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Broken:
    """A file that could not be read or parsed, and why, as a sentence."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, eq=False)
class Code:
    """What was read; the parameters are those of `Project`."""

    files: int
    modules: dict[str, Module] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)


def load(package: Package, progress: Progress | None = None, *, every_file: bool = False) -> Code:
    """Read and parse the code of a package and of what lies beside it and belongs to it.

    :param every_file: whether tests and migrations below the package are its code as well.
    """
    files = files_of(package, every_file=every_file)
    code = Code(len(files))
    places = _Places(package)
    for number, file in enumerate(files, start=1):
        if progress is not None:
            progress(number, len(files))
        _load(code, file, places, every_file=every_file)
    _add_namespaces(code.modules)
    return code


def files_of(package: Package, *, every_file: bool = False) -> list[Path]:
    """Return the files of a package and of what lies beside it and belongs to it."""
    files = list(python_files(package.folder, every=every_file))
    return files + _beside(package, files, every_file=every_file)


def _beside(package: Package, files: list[Path], *, every_file: bool) -> list[Path]:
    """Return the code beside a package that belongs to it.

    That is the modules with FastAPI code, and the modules and packages that its code imports.
    """
    found, named = list[Path](), dict[str, Path]()
    for place, prefix in _around(package):
        modules = modules_in(place, every=every_file)
        with_handlers = [each for each in modules if mentions_fastapi(each) and not is_test(each)]
        found += with_handlers
        named |= {prefix + each.stem: each for each in modules if each not in with_handlers}
        folders = packages_in(place, every=every_file)
        named |= {
            prefix + each.name: each
            for each in folders
            if not package.folder.resolve().is_relative_to(each.resolve())
        }
    reading = [*files, *found]
    while named and reading:
        imported = {name for file in reading for name in imported_names(file)}
        reading = [
            file
            for name in sorted(named.keys() & imported)
            for file in _code_of(named.pop(name), every_file=every_file)
        ]
        found += reading
    return sorted(found)


def _around(package: Package) -> Iterator[tuple[Path, str]]:
    """Yield the folders around a package up to which it is imported, and how their modules' names begin."""
    place, ends = package.folder, [package.imports.resolve(), package.root.resolve()]
    while place.resolve() not in ends:
        place = place.parent if place.name not in ("", "..") else place / ".."
        yield place, _below(place, package.imports).replace("/", ".")


def _code_of(place: Path, *, every_file: bool) -> list[Path]:
    files = python_files(place, every=every_file) if place.is_dir() else [place]
    return [file for file in files if file.stem.isidentifier()]


def relative(path: Path, root: Path) -> str:
    """Return `path` as seen from `root`, with forward slashes."""
    return Path(os.path.relpath(path, root)).as_posix()


class _Places:
    """What files are called, seen from the folders of a package; each folder is looked at once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._folders: dict[str, tuple[str, str, tuple[str, ...] | None]] = {}

    def of(self, file: Path) -> tuple[str, str, tuple[str, ...] | None]:
        """Return a file's path as findings show it, its dotted name, and its place in the package.

        The place is None outside of the package.
        """
        folder, name = os.path.split(file)
        if folder not in self._folders:
            self._folders[folder] = self._look(Path(folder))
        path, dotted, parts = self._folders[folder]
        module = dotted[:-1] if name == "__init__.py" else dotted + name.removesuffix(".py")
        return path + name, module, None if parts is None else (*parts, name)

    def _look(self, folder: Path) -> tuple[str, str, tuple[str, ...] | None]:
        package = self._package
        path, imported = _below(folder, package.root), _below(folder, package.imports)
        inside = folder.is_relative_to(package.folder)
        parts = tuple(_below(folder, package.folder).split("/")[:-1]) if inside else None
        return path, imported.replace("/", "."), parts


def _below(folder: Path, root: Path) -> str:
    inside = relative(folder, root)
    return "" if inside == "." else f"{inside}/"


def _load(code: Code, file: Path, places: _Places, *, every_file: bool) -> None:
    path, name, parts = places.of(file)
    try:
        content = read_bytes(file)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        code.broken.append(Broken(path, 1, 1, f"{path} cannot be read: {reason}."))
        return
    try:
        text = _decode(content)
        tree = ast.parse(text) if every_file else parse(text)
    except (SyntaxError, ValueError, LookupError) as error:
        code.broken.append(_unparsable(path, content, error))
    except (RecursionError, MemoryError):
        code.broken.append(
            Broken(path, 1, 1, f"{path} does not parse: its code is nested too deeply.")
        )
    else:
        if not every_file and _is_migration(text):
            return
        is_package = file.name == "__init__.py"
        module = Module(name, path, text, is_package, parts, tree)
        code.modules[name] = read_module(module)


def _is_migration(text: str) -> bool:
    """Whether a file is a migration of Alembic, Piccolo or aerich: no application code wherever it lies."""
    return any(all(each in f"\n{text}" for each in marks) for marks in _MIGRATIONS)


def _unparsable(path: str, content: bytes, error: Exception) -> Broken:
    foreign = not_utf8(content) if isinstance(error, UnicodeDecodeError) else None
    if foreign is not None:
        return Broken(path, *foreign, f"{path} is not UTF-8: save it in that encoding.")
    if not isinstance(error, SyntaxError):
        return Broken(path, 1, 1, f"{path} does not parse: {error}.")
    line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
    return Broken(path, line, column, f"{path} does not parse: {error.msg}.")


def not_utf8(content: bytes) -> tuple[int, int] | None:
    """Return the line and column of the first byte that is not UTF-8, counted from 1; None if all are."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        return before.count("\n") + 1, len(before) - before.rfind("\n")
    return None


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
