"""A team's own rules: modules like those of the catalogue, in a folder of theirs or in an installed package.

Their code is run, as that of a pytest plugin is. Only what `own-rules` names is ever imported, and a suite of
the course reads no settings.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import ModuleType

from groundrules.rules.cases import Case, Pair
from groundrules.rules.registry import all_rules
from groundrules.rules.report.settings import Settings
from groundrules.rules.rule import Rule
from groundrules.rules.source.files import CheckError

PLUGINS = "groundrules.rules"  # the group of the entry points
_FILE = re.compile(r"(?P<code>[a-z]{2,5}\d{3})_(?P<name>\w+)", re.ASCII)
_TEXTS = ("RATIONALE", "FIX")
_CASES = ("INVALID", "VALID")


def rules_for(settings: Settings) -> tuple[Rule, ...]:
    """Return every rule that a project may choose from: those of the catalogue, and then its own.

    Raises `CheckError` if one of its own cannot be used.
    """
    return (*all_rules(), *own_rules(settings))


def own_rules(settings: Settings) -> tuple[Rule, ...]:
    """Return the rules that a project adds, sorted by code; raise `CheckError` if one cannot be used."""
    folder = settings.folder or Path()
    found = [rule for named in settings.own_rules for rule in _rules(folder.resolve(), named)]
    found.sort(key=lambda rule: rule.code)
    for first, second in pairwise(found):
        if first.code == second.code:
            raise CheckError(
                f"{first.docs} and {second.docs} have the same code {first.code}: give one another."
            )
    return tuple(found)


def files_of_rules(settings: Settings) -> Iterator[Path]:
    """Yield the files that a project's own rules are made of; raises as `own_rules` does."""
    for named in settings.own_rules:
        _, where = _home((settings.folder or Path()).resolve(), named)
        yield from sorted(where.rglob("*.py"))


@cache
def _rules(folder: Path, named: str) -> tuple[Rule, ...]:
    package, where = _home(folder, named)
    files = [each for each in sorted(where.glob("*.py")) if _FILE.fullmatch(each.stem)]
    if not files:
        raise CheckError(
            f"{_shown(folder, where)} has no rules: name their files as in `ac101_no_print.py`."
        )
    return tuple(_rule(f"{package}.{each.stem}", _shown(folder, each)) for each in files)


def _home(folder: Path, named: str) -> tuple[str, Path]:
    """Return the package that a setting names, and its folder: one of the project's, or a plugin's."""
    own = folder / named
    if own.is_dir():
        return _package(own), own
    from importlib import metadata  # only where there is a plugin: a check must begin at once

    for plugin in metadata.entry_points(group=PLUGINS, name=named):
        try:
            package = plugin.load()
            return package.__name__, Path(next(iter(package.__path__)))
        except (Exception, SystemExit) as error:
            raise CheckError(
                f"The plugin `{named}` cannot be imported ({_told(error)}): its entry point must name a "
                "package."
            ) from None
    raise CheckError(
        f"`own-rules` names `{named}`, which is neither a folder beside pyproject.toml nor an installed "
        "plugin: use the path of a folder, or install the package."
    )


def _package(folder: Path) -> str:
    """Make a folder a package, whose modules can import each other; return its name."""
    name = f"groundrules own {folder.as_posix()}".replace(".", "_")
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def _rule(name: str, path: str) -> Rule:
    try:
        with _no_bytecode():
            module = import_module(name)
    except (Exception, SystemExit) as error:  # which would end the check as if all were well
        raise CheckError(f"{path} cannot be imported: {_told(error)}.") from None
    match = _FILE.fullmatch(name.rpartition(".")[2])
    assert match is not None
    code = match["code"].upper()
    summary = (module.__doc__ or "").partition(": ")
    if code.startswith("GR"):
        raise CheckError(
            f"{path} has the code {code}, but GR is for the rules of this tool: use other letters."
        )
    if summary[0].strip() != code or not summary[2].strip():
        raise CheckError(
            f"{path} must begin with a docstring that says what the rule asks for: "
            f'"""{code}: Do this or that."""'
        )
    _must_be_whole(module, path)
    first_valid, first_invalid = module.VALID[0], module.INVALID[0]
    return Rule(
        code=code,
        name=match["name"].replace("_", "-"),
        clause="",
        summary=summary[2].strip(),
        rationale=module.RATIONALE,
        fix=module.FIX,
        check=module.check,
        pair=Pair(first_invalid, first_valid, Case("", {}, {}), module.RATIONALE, {}),
        invalid=tuple(module.INVALID),
        valid=tuple(module.VALID),
        valid_alternative=(),
        page=getattr(module, "DOCS", path),
    )


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Write no compiled files: two edits within a second would run the first one twice."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _must_be_whole(module: ModuleType, path: str) -> None:
    wrong = [name for name in _TEXTS if not _is_text(getattr(module, name, None))]
    wrong += [name for name in _CASES if not _are_cases(getattr(module, name, None))]
    wrong += [] if callable(getattr(module, "check", None)) else ["check"]
    wrong += [] if _is_text(getattr(module, "DOCS", "-")) else ["DOCS"]
    if wrong:
        raise CheckError(
            f"{path} has no usable {wrong[0]}: a rule has a function `check`, the strings RATIONALE and FIX, "
            "and INVALID and VALID with at least one `case(…)` each."
        )
    if not all(any(each.lines.values()) for each in module.INVALID):
        raise CheckError(f"{path}: each case of INVALID must name the lines that it expects.")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_cases(value: object) -> bool:
    if not isinstance(value, Iterable):
        return False
    cases = list(value)
    return bool(cases) and all(isinstance(each, Case) for each in cases)


def _shown(folder: Path, path: Path) -> str:
    """Return a path relative to the folder of the settings, with forward slashes, where it lies below it."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return path.as_posix()


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
