"""The settings in `[tool.groundrules]`; whatever is wrong with them is one sentence."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundrules.rules.report.globs import matches
from groundrules.rules.source.files import CheckError
from groundrules.rules.source.options import FOLDERS, Options
from groundrules.rules.source.pyproject import pyprojects, table

TABLE = "groundrules"
_URL = re.compile(r"https?://[^\s{}]+(?:\{code\}[^\s{}]*)+")
_CODES = 'a list of codes or their beginnings, as in ["GR201", "GR4"]'
_KEYS = {
    "package": "a string",
    "select": _CODES,
    "ignore": _CODES,
    "exclude": 'a list of paths or patterns, as in ["app/legacy", "**/old_*.py"]',
    "per-file-ignores": 'a table of patterns and their codes, as in {"app/legacy/**" = ["GR201"]}',
    "baseline": "a string, the path of a file",
    "folders": 'a table of api, core, models or schemas and their folders, as in {api = ["routers"]}',
    "status-codes": "a list of numbers from 100 to 599",
    "complexity": "a whole number of at least 2",
    "timestamps": 'a list of column names, as in ["created", "modified"]',
    "own-rules": 'a list of folders or plugins, as in ["lint/rules"]',
    "docs-url": 'a URL with {code} in it, as in "https://example.com/rules/{code}"',
}


@dataclass(frozen=True)
class Settings:
    """What a project sets for its checks; None where it leaves the choice open.

    :param folder: that of the file with the settings, to which their paths are relative; None without one.
    """

    folder: Path | None = None
    package: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str | None = None
    own_rules: tuple[str, ...] = ()
    docs_url: str = ""
    options: Options = field(default_factory=Options)

    def silences(self, path: str, rule: str) -> bool:
        """Whether the findings of a rule in a file, relative to `folder`, are left out."""
        return any(matches(each, path) for each in self.exclude) or any(
            rule.startswith(codes) and matches(pattern, path)
            for pattern, codes in self.per_file_ignores.items()
        )


def read_settings(folder: Path) -> Settings:
    """Return the settings of the nearest pyproject.toml; raise `CheckError` if they are wrong."""
    nearest = next(pyprojects(folder), None)
    if nearest is None:
        return Settings()
    _must_not_be_misspelt(nearest.data, nearest.path)
    place = f"[tool.{TABLE}] in {nearest.path}"
    values = table(nearest.data, "tool").get(TABLE, {})
    if not isinstance(values, dict):
        raise CheckError(f"`{TABLE}` in [tool] of {nearest.path} must be a table: [tool.{TABLE}].")
    for key, value in values.items():
        _check(key, value, place)
    return Settings(
        nearest.path.parent,
        values.get("package"),
        _upper(values.get("select")),
        _upper(values.get("ignore")),
        tuple(values.get("exclude", ())),
        {key: _upper(codes) or () for key, codes in values.get("per-file-ignores", {}).items()},
        values.get("baseline"),
        tuple(values.get("own-rules", ())),
        values.get("docs-url", ""),
        _options(values),
    )


def _must_not_be_misspelt(data: Mapping[str, Any], path: Path) -> None:
    """Raise `CheckError` for a table that nobody reads, and that was surely meant for this tool."""
    places = {"": data, "tool.": table(data, "tool"), "tools.": table(data, "tools")}
    for prefix, tables in places.items():
        for name in tables:
            if f"{prefix}{name}" != f"tool.{TABLE}" and _is_close(name):
                raise CheckError(
                    f"[{prefix}{name}] in {path} is not read: write [tool.{TABLE}] if it is meant for "
                    "this tool."
                )


def _is_close(name: str) -> bool:
    """Whether a name is the tool's own but for case, hyphens and one letter."""
    plain = re.sub(r"[\W_]", "", name.lower())
    if abs(len(plain) - len(TABLE)) > 1:
        return False
    from difflib import SequenceMatcher  # hardly a file has a name as long as this one

    same = sum(each.size for each in SequenceMatcher(None, plain, TABLE).get_matching_blocks())
    return same >= max(len(plain), len(TABLE)) - 1


def _check(key: str, value: object, place: str) -> None:
    if key not in _KEYS:
        raise CheckError(f"{place} has an unknown key `{key}`: use {_listed(_KEYS)}.")
    if not _fits(key, value):
        raise CheckError(f"`{key}` of {place} must be {_KEYS[key]}.")
    if key == "select" and not value:
        raise CheckError(
            f"`select` of {place} is empty, so that nothing would be checked: name some rules, or remove it."
        )
    if key in ("exclude", "per-file-ignores", "own-rules"):
        _must_be_patterns(value, key, place)
    if key == "folders" and isinstance(value, dict):
        _must_be_patterns((each for folders in value.values() for each in folders), key, place)


def _fits(key: str, value: object) -> bool:
    match key, value:
        case "per-file-ignores", dict():
            return all(map(_are_texts, value.values()))
        case "folders", dict():
            return value.keys() <= set(FOLDERS) and all(
                each and _are_texts(each) for each in value.values()
            )
        case "docs-url", str():
            return _URL.fullmatch(value) is not None
        case "status-codes", list():
            return all(type(each) is int and 100 <= each <= 599 for each in value)
        case "complexity", int():
            return value >= 2 and value is not True
        case "timestamps", list():
            return bool(value) and all(
                isinstance(each, str) and each.isidentifier() for each in value
            )
        case (("select" | "ignore" | "exclude" | "own-rules"), list()):
            return all(map(_is_text, value))
        case (("package" | "baseline"), str()):
            return _is_text(value)
    return False


def _options(values: Mapping[str, Any]) -> Options:
    """Return the options of rules; what is not set is as the course teaches it."""
    default = Options()
    return Options(
        {
            name: tuple(each.strip().removeprefix("./").rstrip("/") for each in folders)
            for name, folders in values.get("folders", {}).items()
        },
        frozenset(values.get("status-codes", ())),
        values.get("complexity", default.complexity),
        tuple(values.get("timestamps", default.timestamps)),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _must_be_patterns(given: Any, key: str, place: str) -> None:
    for each in given:
        if Path(each).is_absolute() or ".." in Path(each).parts or not each.strip(" ./"):
            raise CheckError(
                f"`{key}` of {place} has `{each}`, but paths must be relative to the folder of "
                "pyproject.toml."
            )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"


def _upper(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(each.strip().upper() for each in given)
