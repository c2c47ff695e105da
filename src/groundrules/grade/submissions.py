"""Whose submissions there are: a folder with one for each person, or a CSV file of names and paths."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from os.path import commonprefix
from pathlib import Path

from groundrules.course.steps import CourseError
from groundrules.terminal import harmless

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
BUNDLE = ".bundle"
UNREADABLE = (".rar", ".7z", ".gz", ".bz2", ".xz", ".zst")  # handed in nevertheless, and reported
NAME_LENGTH = 80
METADATA = "submission_metadata.yml"  # of an export of Gradescope
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?")
CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<id>\d+)_\d+_.+")
GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")


@dataclass(frozen=True)
class Submission:
    """What one person handed in.

    :param name: the person's, or the team's; different for each.
    :param source: a folder, an archive, a repository or a bundle; None if nothing was handed in.
    :param number: the platform's own number of the person, by which two of one name differ.
    """

    name: str
    source: Path | None
    number: str = ""


def find_submissions(path: Path) -> list[Submission]:
    """Return the submissions in a folder, or of a CSV file, sorted by name.

    Raises `CourseError` if there are none or the file cannot be read as one of names and paths.
    """
    if path.is_dir():
        if any(path.glob("app/**/*.py")):
            raise CourseError(
                f"{harmless(str(path))} is one application: name the folder that contains the submissions "
                f"of all, or type pytest steps/NN --app={harmless(str(path))}"
            )
        found = [_of_entry(entry, _known_names(path)) for entry in sorted(_entries(path))]
        found = _without_prefix(found)
    elif path.is_file():
        found = [*_of_roster(path)]
    else:
        raise CourseError(f"{harmless(str(path))} is neither a folder nor a CSV file.")
    if not found:
        raise CourseError(
            f"There is no submission in {harmless(str(path))}: it must contain a folder, an archive or a "
            "repository for each person, or be a CSV file of names and paths."
        )
    return sorted(_told_apart(found), key=lambda each: each.name.casefold())


def left_out_of(folder: Path) -> list[str]:
    """Return the names of the files beside submissions that are none."""
    if not folder.is_dir():
        return []
    files = [path for path in folder.iterdir() if path.is_file() and not _is_submission(path)]
    return sorted(path.name for path in files if path.name != METADATA and not _is_hidden(path))


def _entries(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if not _is_hidden(path) and _is_submission(path))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", "__MACOSX"))


def _is_submission(path: Path) -> bool:
    """Whether somebody handed this in, even if it cannot be read: a person without a row is overlooked."""
    known = path.name.lower().endswith((*ARCHIVES, BUNDLE, *UNREADABLE))
    return path.is_dir() or known or CANVAS.fullmatch(path.name) is not None


def _of_entry(path: Path, known: dict[str, str]) -> Submission:
    name = _without_suffix(path.name) if path.is_file() else path.name
    if path.name in known:
        return Submission(_readable(known[path.name]), path)
    for pattern in (MOODLE, *([CANVAS] if path.is_file() else ())):
        match = pattern.fullmatch(path.name)
        if match:
            return Submission(_readable(match["name"]), path, match["id"])
    return Submission(_readable(name), path)


def _without_suffix(name: str) -> str:
    for suffix in sorted((*ARCHIVES, BUNDLE, *UNREADABLE), key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _readable(name: str) -> str:
    """Return a name as it can be shown anywhere: one line, of a limited length."""
    shown = " ".join(harmless(name).split())[:NAME_LENGTH].strip()
    return shown or "(no name)"


def _known_names(folder: Path) -> dict[str, str]:
    """Return the names that an export of Gradescope has for its folders."""
    file = folder / METADATA
    if not file.is_file():
        return {}
    names: dict[str, list[str]] = {}
    current: list[str] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := re.fullmatch(r"[\"']?(submission_\d+)[\"']?:\s*", line):
            current = names.setdefault(match[1], [])
        elif match := re.fullmatch(r"\s+-?\s*:name:\s*[\"']?(.+?)[\"']?\s*", line):
            current.append(match[1])
    return {key: " & ".join(people) for key, people in names.items() if people}


def _without_prefix(found: list[Submission]) -> list[Submission]:
    """Leave out the assignment's name, with which every repository of GitHub Classroom begins."""
    repositories = all(
        each.source is not None and ((each.source / ".git").exists() or _is_bare(each.source))
        for each in found
    )
    same = commonprefix([each.name for each in found])  # noqa: RUF071 - of letters, as is wanted
    prefix = same.rpartition("-")[0]
    if len(found) < 2 or not prefix or not repositories:
        return found
    return [replace(each, name=each.name[len(prefix) + 1 :]) for each in found]


def _is_bare(folder: Path) -> bool:
    return all((folder / part).exists() for part in ("HEAD", "objects", "refs"))


def _of_roster(file: Path) -> Iterator[Submission]:
    """Yield a submission for each line of a CSV file; a path is relative to the file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        first, *_ = text.split("\n", 1)
        separator = (
            ";" if ";" in first and "," not in first else ","
        )  # as spreadsheets write it somewhere
        lines = csv.reader(text.splitlines(), delimiter=separator)
        rows = [row for row in lines if any(map(str.strip, row))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{file} is not a CSV file in UTF-8 ({error}).") from None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if "name" not in header or "path" not in header:
        raise CourseError(f"{file} must begin with the line name,path: a CSV file of submissions.")
    for number, row in enumerate(rows[1:], start=2):
        cells = dict(zip(header, map(str.strip, row), strict=False))
        if not cells.get("name"):
            raise CourseError(f"Line {number} of {file} has no name.")
        path = file.parent / cells["path"] if cells.get("path") else None
        there = path is not None and path.exists()
        yield Submission(_readable(cells["name"]), path if there else None)


def _told_apart(found: list[Submission]) -> Iterator[Submission]:
    """Yield the submissions with names that differ in more than capitals."""
    known = Counter(each.name.casefold() for each in found)
    taken: Counter[str] = Counter()
    for each in found:
        key = each.name.casefold()
        taken[key] += 1
        if known[key] == 1:
            yield each
        elif each.number:
            yield replace(each, name=f"{each.name} ({each.number})")
        else:
            yield replace(each, name=f"{each.name} ({taken[key]})")


def is_repository(path: Path) -> bool:
    """Whether a folder is a repository of git without a working tree, or a file is a bundle of one."""
    return path.name.endswith(BUNDLE) if path.is_file() else _is_bare(path)
