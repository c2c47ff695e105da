"""Finds a project's application package and the files in it."""

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

_NOT_APPLICATION = frozenset(
    {
        "tests",
        "test",
        "migrations",
        "piccolo_migrations",
        "alembic",
        "venv",
        "env",
        "site-packages",
        "node_modules",
    }
)
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py|tests\.py|conftest\.py")
_LAYERS = ("api", "models", "schemas", "services", "core")
_ABOVE = 4  # folders above a package that its code may be imported from
_ENOUGH = 20  # imports that tell which of them it is
_REVISIONS = "script.py.mako"  # Alembic's, in the folder that holds a project's migrations
_FASTAPI = re.compile(rb"^[ \t]*(?:from|import)[ \t]+fastapi\b", re.MULTILINE)

# the first two parts of a name in the project, as `from app.core import x` and `from app import core`
_IMPORTED = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(\w+)(?:\.(\w+))?(?:[ \t]+import[ \t]+\(?\s*(\w+))?",
    re.MULTILINE,
)
_FULL_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(\w[\w.]*)(?:[ \t]+import[ \t]+\(?\s*(\w+))?", re.MULTILINE
)
_RELATIVE = re.compile(rb"^[ \t]*from[ \t]+\.", re.MULTILINE)
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)


class CheckError(Exception):
    """The check could not be made; the text is one sentence to show."""


@dataclass(frozen=True)
class Package:
    """An application package.

    :param root: the folder that is checked; findings' paths are relative to it.
    :param imports: the folder from which its modules are imported.
    :param instead_of: another folder that it could have been, and `reason` why it is not that one.
    """

    name: str
    folder: Path
    root: Path
    imports: Path
    instead_of: Path | None = None
    reason: str = ""

    @property
    def choice(self) -> str:
        """What was chosen and why, as a sentence; empty if there was no choice."""
        if self.instead_of is None:
            return ""
        chosen, other = (
            Path(os.path.relpath(each, self.root)).as_posix()
            for each in (self.folder, self.instead_of)
        )
        return f"{chosen} was checked and not {other}, because {self.reason}; --package NAME chooses another."


def find_package(path: Path, name: str | None = None, *, as_named: bool = False) -> Package:
    """Return the application package in `path`, or that `path` is.

    :param as_named: whether its modules are surely imported by that name, whatever its code says.

    Raises `CheckError` if there is none, or several and `name` does not say which.
    """
    found = _find(path, name)
    if as_named:
        return found
    return _as_imported(found if name else _with_layers(found))


def _find(path: Path, name: str | None) -> Package:
    if not path.exists():
        raise CheckError(f"{path} does not exist: name the folder that contains the package.")
    if not path.is_dir():
        raise CheckError(f"{path} is not a folder: name the one that contains the package.")
    if name:
        return _named(path, name)
    apps = [holder / "app" for holder in (path, path / "src") if _has_python(holder / "app")]
    if apps:
        return _app_or_rival(apps, path)
    here = path.resolve()
    if (path / "__init__.py").is_file() or (here.name == "app" and _has_python(path)):
        return Package(here.name, path, path.parent if path.name else here.parent, here.parent)
    return _by_content(path)


def python_files(folder: Path, *, every: bool = False) -> Iterator[Path]:
    """Yield the files of application code below `folder`; each folder is read once.

    A folder that a link leads to is read where it lies, if that is below `folder` too.

    :param every: whether tests, migrations and whatever else has `.py` at its end count as well.
    """
    seen, starts = set[str](), [os.fspath(folder)]
    for start in starts:
        for current, folders, files in os.walk(start):
            real = os.path.realpath(current)
            if real in seen or (_REVISIONS in files and not every):
                folders.clear()
                continue
            seen.add(real)
            here = Path(current)
            folders[:] = sorted(each for each in folders if every or _is_application(here, each))
            for link in (here / each for each in folders if (here / each).is_symlink()):
                if not _leads_up(link, real):
                    starts.append(os.fspath(link))
                elif every:
                    yield link  # no file: so it is said, and nothing behind it is overlooked
            for file in sorted(files):
                if file.endswith(".py") and (every or not _TEST_FILE.fullmatch(file)):
                    yield here / file


def read_bytes(file: Path) -> bytes:
    """Return what a file holds; raise `OSError`, also for a pipe, which would block for ever."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    if _unsaved and (real := file.resolve()) in _unsaved:
        return _unsaved[real]
    with file.open("rb", buffering=0) as stream:
        return stream.read()


_unsaved: dict[Path, bytes] = {}


@contextmanager
def unsaved(file: Path, content: bytes) -> Iterator[None]:
    """Let a file hold what an editor has not saved yet."""
    _unsaved[file.resolve()] = content
    try:
        yield
    finally:
        _unsaved.clear()


def _named(path: Path, name: str) -> Package:
    folder_name = name.replace(".", "/")
    for holder in (path, path / "src"):
        if name == "src" and (holder / name).is_dir():
            return _package(holder / name, path)
        if (holder / folder_name).is_dir():
            return Package(name, holder / folder_name, path, holder)
    here = path.resolve()
    if here.name == name:
        return Package(name, path, path.parent if path.name else here.parent, here.parent)
    raise CheckError(f"There is no package {name} in {path}: name one of its folders.")


def _app_or_rival(apps: list[Path], path: Path) -> Package:
    """Return the package `app`, or the one beside it that has the handlers and is imported."""
    app = apps[0] if len(apps) == 1 else max(apps, key=_evidence)
    rivals = _rivals(app, path)
    if rivals:
        handles, uses = _evidence(app)
        used = [each for each in rivals if _uses(each.folder, each.folder)]
        better = used if handles else used or rivals
        if not (handles and uses) and len(better) == 1:
            return replace(better[0], instead_of=app, reason=_HANDLERS)
    chosen = _inner_or_outer(app, path)
    others = [each for each in apps if each != app] + [each.folder for each in rivals]
    if others and not chosen.reason:
        reason = _HANDLERS if all(_evidence(app)) else "it is called `app`"
        return replace(chosen, instead_of=others[0], reason=reason)
    return chosen


def _with_layers(package: Package) -> Package:
    """Return the only folder in a package that has the application's layers, if itself it has none."""
    inner = [each for each in package.folder.iterdir() if _is_candidate(each, package.folder)]
    if any(each.name in _LAYERS for each in inner):
        return package
    layered = [each for each in inner if sum(_has_python(each / name) for name in _LAYERS) > 1]
    if len(layered) != 1 or package.folder == package.imports:
        return package
    return replace(package, name=layered[0].name, folder=layered[0], imports=package.folder)


def _as_imported(package: Package) -> Package:
    """Return a package with the folder from which its own code imports it: `app.…`, or `src.app.…`."""
    if package.folder == package.imports:
        return package
    folder, known = package.folder.resolve(), package.imports.resolve()
    places = {".".join(folder.relative_to(place).parts): place for place in folder.parents[:_ABOVE]}
    votes = Counter[Path]()
    for file in python_files(package.folder):
        for name, imported in _FULL_IMPORT.findall(_content(file)):
            dotted = f"{name.decode('ascii', 'replace')}.{imported.decode('ascii', 'replace')}"
            for prefix, place in places.items():
                module = dotted.removeprefix(f"{prefix}.").partition(".")[0]
                if dotted.startswith(f"{prefix}.") and _is_module(package.folder, module):
                    votes[place] += 1
        if votes.total() >= _ENOUGH:
            break
    if not votes or votes[known] == max(votes.values()):
        return package
    ((place, _),) = votes.most_common(1)
    above = [".."] * len(folder.relative_to(place).parts)
    return replace(package, imports=package.folder.joinpath(*above))


def _is_module(folder: Path, name: str) -> bool:
    return bool(name) and ((folder / name).is_dir() or (folder / f"{name}.py").is_file())


def _rivals(app: Path, path: Path) -> list[Package]:
    """Return the packages beside `app` that have FastAPI code and do not belong to it."""
    beside = [
        each
        for holder in (path, path / "src")
        for each in (sorted(holder.iterdir()) if holder.is_dir() else ())
        if not app.is_relative_to(each) and _is_candidate(each, path) and _has_handlers(each)
    ]
    if not beside:
        return []
    belongs, todo = {"app"}, [app]
    while todo:
        for name in {top for file in python_files(todo.pop()) for top in imported_tops(file)}:
            if name not in belongs and (app.parent / name).is_dir():
                belongs.add(name)
                todo.append(app.parent / name)
    return [_package(each, path) for each in beside if each.name not in belongs]


def _evidence(folder: Path) -> tuple[bool, int]:
    """Return whether a folder has FastAPI code, and how many imports in it mean its own modules."""
    return _has_handlers(folder), _uses(folder, folder)


_HANDLERS = "its modules are imported and have the FastAPI code"


def _inner_or_outer(folder: Path, root: Path) -> Package:
    """Return the package that a folder is, or the one of the same name in it that its imports mean."""
    inner, outer = folder / folder.name, Package(folder.name, folder, root, folder.parent)
    if not _has_python(inner):
        return outer
    outside, inside = _uses(folder, folder), _uses(folder, inner)
    if not outside and not inside:
        is_meant = not (folder / "__init__.py").is_file() and not any(
            map(mentions_fastapi, modules_in(folder))
        )
    else:
        is_meant = inside > outside
    if not is_meant:
        return outer
    found = _inner_or_outer(inner, root)
    reason = f"`{folder.name}.…` is imported from there"
    return found if found.reason else replace(found, instead_of=folder, reason=reason)


def _uses(code: Path, package: Path) -> int:
    """Return how many imports in some code mean modules of a package."""
    count = 0
    for file in python_files(code):
        for name, below, imported in _IMPORTED.findall(_content(file)):
            module = (below or imported).decode("ascii", "replace")
            if name.decode("ascii", "replace") == package.name and module:
                count += (package / module).is_dir() or (package / f"{module}.py").is_file()
        if code == package:
            count += _RELATIVE.search(_content(file)) is not None
    return count


def _has_handlers(folder: Path) -> bool:
    return any(map(mentions_fastapi, python_files(folder)))


def _package(folder: Path, root: Path) -> Package:
    """Return the package that a folder is or, if its code never names it, that it holds."""
    named = any(folder.name in imported_tops(file) for file in python_files(folder))
    if named:
        return _inner_or_outer(folder, root)
    if (folder / "__init__.py").is_file():
        on_path = folder.name == "src"
        return Package(folder.name, folder, root, folder if on_path else folder.parent)
    try:
        inner = find_package(folder)
    except CheckError:
        return Package(folder.name, folder, root, folder.parent)
    return replace(inner, root=root)


def _by_content(path: Path) -> Package:
    candidates = []
    for holder in (path, path / "src"):
        if not holder.is_dir() or (holder != path and (holder / "__init__.py").is_file()):
            continue
        for folder in sorted(holder.iterdir()):
            if _is_candidate(folder, path) and _has_handlers(folder):
                candidates.append(_package(folder, path))
    proper = any((each.folder / "__init__.py").is_file() for each in candidates)
    starts = [file for file in modules_in(path) if mentions_fastapi(file)]
    if starts and (not proper or _are_layers(candidates, starts, path)):
        return Package(path.resolve().name, path, path, path)
    chosen = [each for each in candidates if (each.folder / "__init__.py").is_file()] or candidates
    if len(chosen) > 1:
        used = [each for each in chosen if _uses(each.folder, each.folder)]
        if len(used) == 1:
            other = next(each for each in chosen if each is not used[0])
            chosen = [replace(used[0], instead_of=other.folder, reason=_HANDLERS)]
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        names = ", ".join(each.name for each in chosen)
        raise CheckError(
            f"{path} holds several packages with FastAPI code: {names}. Say which with --package NAME."
        )
    raise CheckError(
        f"No package with FastAPI code in {path}: name the folder that contains it, or use --package NAME."
    )


def _are_layers(candidates: list[Package], starts: list[Path], path: Path) -> bool:
    """Whether folders are the layers of one application, which modules beside them start.

    A layer knows of its neighbours; a package of its own has layers itself.
    """
    started = {top for file in starts for top in imported_tops(file)}
    used = [each.folder for each in candidates if each.folder.name in started]
    packages = [each for each in used if _has_layers(each)]
    if packages:
        return len(packages) > 1
    beside = {each.stem for each in path.iterdir() if each.suffix == ".py" or _has_python(each)}
    return any(
        beside & imported_tops(file) - {folder.name}
        for folder in used
        for file in python_files(folder)
    )


def _has_layers(folder: Path) -> bool:
    return len(list(filter(_has_python, folder.iterdir()))) > 1 and _uses(folder, folder) > 0


def _is_candidate(folder: Path, path: Path) -> bool:
    is_source = folder == path / "src" and not (folder / "__init__.py").is_file()
    named_well = folder.name.isidentifier() and not is_source
    return folder.is_dir() and named_well and _is_application(folder.parent, folder.name)


def modules_in(folder: Path, *, every: bool = False) -> list[Path]:
    """Return the files of application code that lie in a folder itself, not below it."""
    names = (file for file in folder.glob("*.py") if every or not is_test(file))
    return sorted(file for file in names if file.is_file())


def packages_in(folder: Path, *, every: bool = False) -> list[Path]:
    """Return the folders of application code in a folder that have an `__init__.py`.

    :param every: whether all folders count, whatever is in them.
    """
    if every:
        return sorted(each for each in folder.iterdir() if each.is_dir())
    inits = folder.glob("*/__init__.py")
    return sorted(each.parent for each in inits if _is_application(folder, each.parent.name))


def is_test(file: Path) -> bool:
    """Whether a file is named as tests are."""
    return _TEST_FILE.fullmatch(file.name) is not None


def mentions_fastapi(file: Path) -> bool:
    """Whether a file has an import of FastAPI in it; False if it cannot be read."""
    return _FASTAPI.search(_content(file)) is not None


def imported_names(file: Path) -> set[str]:
    """Return the dotted names, and all that begin them, that a file seems to import from the top."""
    found = set[str]()
    for name, imported in _FULL_IMPORT.findall(_content(file)):
        parts = f"{name.decode('ascii', 'replace')}.{imported.decode('ascii', 'replace')}".split(
            "."
        )
        found |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return found


def imported_tops(file: Path) -> set[str]:
    """Return the first parts of the absolute names that a file seems to import."""
    return {name.decode("ascii", "replace") for name in _IMPORT.findall(_content(file))}


def _content(file: Path) -> bytes:
    try:
        return read_bytes(file)
    except OSError:
        return b""


def _is_application(holder: Path, name: str) -> bool:
    if name in _NOT_APPLICATION or name.startswith((".", "__pycache__")):
        return False
    return not (holder / name / "pyvenv.cfg").exists()


def _leads_up(link: Path, real: str) -> bool:
    """Whether a link leads to the folder that it lies in, or to one above."""
    return Path(real).is_relative_to(os.path.realpath(link))


def _has_python(folder: Path) -> bool:
    return folder.is_dir() and next(python_files(folder), None) is not None
