"""Sets of Python versions, as pyproject.toml states them."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

_PLAIN = re.compile(r">=\s*([0-9])\.([0-9]{1,3})(?:\.[0-9]{1,3})?")
_BOUND = re.compile(r"(?:\^|~=|~|===|==|!=|>=|<=|>|<)?\s*v?[0-9*][^\s,|]*")
_OLD_MINORS = ((3, 10), (2, 7))  # the newest minor release below 3.11 of each major one


class NotASpecifier(ValueError):
    """The text states no set of versions."""


def newest_too_old(text: str, below: str, *, poetry: bool) -> str | None:
    """Return the newest Python, as in "3.10", below `below` that the set `text` holds.

    None if the set holds no final release below it.

    :param poetry: whether `text` is written in Poetry's notation (`^3.11`, `||`).

    Raises `NotASpecifier`.
    """
    plain = _PLAIN.fullmatch(text.strip())
    if plain and (int(plain[1]), int(plain[2])) >= tuple(map(int, below.split("."))):
        return None  # without `packaging`, which takes long to import

    from packaging.version import Version

    limit = Version(below)
    found = set[Version]()
    for part in re.split(r"\s*\|\|?\s*", text.strip()) if poetry else [text]:
        versions = _poetry(part) if poetry else _specifier_set(part)
        for candidate in _candidates(part):
            if Version(candidate) < limit and versions.contains(candidate):
                found.add(Version(candidate))
    return f"{max(found).major}.{max(found).minor}" if found else None


def _candidates(text: str) -> set[str]:
    """Return releases of old Pythons, and those beside every one that `text` mentions."""
    minors = {(major, minor) for major, last in _OLD_MINORS for minor in range(last + 1)}
    found: set[tuple[int, ...]] = {(*each, patch) for each in minors for patch in (0, 1, 99)}
    for mentioned in re.findall(r"\d+(?:\.\d+)*", text):
        given = [int(each) for each in mentioned.split(".")]
        found.add((*given,))
        found.add((*given[:-1], given[-1] + 1))
        found.add((*given[:-1], max(given[-1] - 1, 0)))
        found.add((*given, 1))
    return {".".join(map(str, each)) for each in found}


def _poetry(text: str) -> "SpecifierSet":
    if text.strip() in ("", "*"):
        return _specifier_set("")
    bounds = _BOUND.findall(text)
    rest = _BOUND.sub("", text)
    if not bounds or rest.replace(",", "").strip():
        raise NotASpecifier(text)
    return _specifier_set(",".join(_from_poetry(each) for each in bounds))


def _from_poetry(bound: str) -> str:
    match = re.fullmatch(r"(\^|~)?\s*v?(\d+(?:\.\d+)*)", bound)
    if match is None:
        return f"=={bound}" if bound[0].isdigit() else bound
    sign, version = match.groups()
    if sign is None:
        return f"=={version}"
    numbers = [int(each) for each in version.split(".")]
    if sign == "~":
        kept = numbers[: min(len(numbers), 2)]
    else:
        first = next((at for at, each in enumerate(numbers) if each), len(numbers) - 1)
        kept = numbers[: first + 1]
    upper = ".".join(map(str, [*kept[:-1], kept[-1] + 1]))
    return f">={version},<{upper}"


def _specifier_set(text: str) -> "SpecifierSet":
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        raise NotASpecifier(text) from None
