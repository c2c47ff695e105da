"""The file of a baseline: read with a sentence for whatever is wrong with it, and written in one way."""

import json
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from groundrules.rules.source.files import CheckError
from groundrules.terminal import harmless

FILE = "groundrules-baseline.toml"
_VERSION = 1
_HEAD = """\
# Findings that `groundrules check` does not report again. `groundrules baseline` removes what is fixed.
# You may add a `reason` to any of them; it is kept.
version = 1
"""
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")
_ENTRY = re.compile(r"\s*\[\[\s*finding\s*\]\]")
_KINDS: dict[str, type] = {"file": str, "definition": str, "rule": str, "count": int, "reason": str}


class Key(NamedTuple):
    """What an entry is found by; sorted as in the file."""

    file: str
    definition: str
    rule: str


@dataclass(frozen=True)
class Entry:
    """Statements of one definition that break one rule.

    :param key: its file is relative to the baseline's folder, its definition empty at the top of the file.
    :param line: where the file of the baseline holds it; 0 if it does not yet.
    """

    key: Key
    count: int = 1
    reason: str = ""
    line: int = 0


def read_entries(path: Path) -> dict[Key, Entry]:
    """Return the entries of a baseline; raise `CheckError` if it is broken, or is none."""
    text = _text(path)
    for number, line in enumerate(text.splitlines(), start=1):
        if _CONFLICT.match(line):
            raise CheckError(
                f"{path} has merge conflict markers (line {number}): keep the entries of both sides, remove "
                "the markers, and run `groundrules baseline`."
            )
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CheckError(
            f"{path} does not parse as TOML: {str(error).rstrip('.')}. Fix it, or restore it from "
            "version control."
        ) from None
    _must_be_a_baseline(path, data)
    starts = [at for at, each in enumerate(text.splitlines(), start=1) if _ENTRY.match(each)]
    found = dict[Key, Entry]()
    for number, each in enumerate(data.get("finding", [])):
        at = starts[number] if number < len(starts) else 1
        entry = _entry(each, at, f"{path}, line {at}")
        if entry.key in found:
            first = found[entry.key].line
            raise CheckError(
                f"{path} has the same entry twice, on lines {first} and {at}: remove one of them."
            )
        found[entry.key] = entry
    return found


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write a baseline, sorted, as a whole or not at all; raise `CheckError` if it cannot be written."""
    text = "\n".join(
        [_HEAD, *(_table(each) for each in sorted(entries, key=lambda each: each.key))]
    )
    import tempfile  # no check needs it

    path = path.resolve()
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{FILE}.", delete=False) as file:
            file.write(text.encode())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(file.name).chmod(mode)
        os.replace(file.name, path)  # noqa: PTH105  # it is a name, and no path
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CheckError(f"{path} cannot be written: {reason}.") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CheckError(
            f"The baseline {path} does not exist: `groundrules baseline` writes one."
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CheckError(f"The baseline {path} cannot be read: {reason}.") from None
    except UnicodeDecodeError:
        raise CheckError(
            f"The baseline {path} is not UTF-8: restore it from version control."
        ) from None


def _must_be_a_baseline(path: Path, data: dict[str, Any]) -> None:
    version = data.get("version")
    if type(version) is int and version > _VERSION:
        raise CheckError(
            f"{path} was written by a newer version of groundrules: install that version, or a newer one."
        )
    findings = data.get("finding", [])
    is_one = type(version) is int and version == _VERSION and data.keys() <= {"version", "finding"}
    if (
        not is_one
        or not isinstance(findings, list)
        or not all(type(each) is dict for each in findings)
    ):
        raise CheckError(
            f"{path} is not a baseline of groundrules, which has `version = 1` and tables [[finding]] only: "
            "name another file, or move this one away and run `groundrules baseline`."
        )


def _entry(data: dict[str, Any], line: int, place: str) -> Entry:
    for name, value in data.items():
        if name not in _KINDS:
            raise CheckError(f"{place}: an entry has no key `{harmless(name)}`: remove it.")
        if type(value) is not _KINDS[name]:
            wanted = "a number" if _KINDS[name] is int else "a string"
            raise CheckError(f"{place}: `{name}` must be {wanted}.")
    for name in ("file", "rule"):
        if not data.get(name):
            raise CheckError(f"{place}: the entry has no `{name}`: add it, or remove the entry.")
    if data.get("count", 1) < 1:
        raise CheckError(
            f"{place}: `count` must be at least 1: remove the entry if nothing is left."
        )
    key = Key(data["file"], data.get("definition", ""), data["rule"])
    return Entry(key, data.get("count", 1), data.get("reason", ""), line)


def _table(entry: Entry) -> str:
    """Return an entry as it is written; what it need not say, it does not."""
    values = {
        "file": entry.key.file,
        "definition": entry.key.definition,
        "rule": entry.key.rule,
        "count": entry.count if entry.count > 1 else None,
        "reason": entry.reason,
    }
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if value]
    return "\n".join(["[[finding]]", *lines, ""])


def _value(value: str | int) -> str:
    text = json.dumps(value, ensure_ascii=False)  # as TOML writes it too, but for one character
    return text.replace("\x7f", "\\u007f")
