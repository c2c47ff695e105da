"""Remembers what a check has found, for as long as nothing that it depends on changes.

A report is kept under a digest of the code, the project files, the options, this tool and the Python that ran
it. Two checks at once may write the same file: each writes it whole.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from groundrules.rules.findings import Finding, OwnRule, Report, UnusedIgnore
from groundrules.rules.own import files_of_rules
from groundrules.rules.report.settings import read_settings
from groundrules.rules.source.files import find_package, read_bytes
from groundrules.rules.source.loading import files_of
from groundrules.rules.source.pyproject import pyprojects

_KEPT = 100  # reports


def remembered(
    path: Path, package: str | None, options: Iterable[str], check: Callable[[], Report]
) -> Report:
    """Return what `check` gives, or what it gave when all was as it is now.

    :param options: what else the report depends on.

    Raises what `check` and `find_package` raise.
    """
    told = [str(path), package or "", *options]
    key = _key(path, package, told)
    file = folder() / f"{key}.json"
    known = _read(file)
    if known is None:
        known = check()
        if _key(path, package, told) == key:  # else a file has changed meanwhile
            _write(file, known)
    return known


def folder() -> Path:
    """Return where reports are kept: in the user's own cache."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "groundrules" / "checks"


def _key(path: Path, package: str | None, told: list[str]) -> str:
    from hashlib import blake2b

    digest = blake2b(digest_size=20)
    for part in _parts(path, package, told):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _parts(path: Path, package: str | None, told: list[str]) -> Iterator[bytes]:
    yield repr((told, sys.version, Path.cwd())).encode("utf-8", "surrogatepass")
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        status = file.stat()
        yield repr((file.name, status.st_mtime_ns, status.st_size)).encode()
    settings = read_settings(path)
    for file in files_of_rules(settings):
        yield os.fsencode(file)
        yield _content(file)
    found = find_package(path, package or settings.package)
    yield repr((found.folder, found.choice)).encode("utf-8", "surrogatepass")
    for start in {path, found.folder}:
        for pyproject in pyprojects(start):
            yield repr((pyproject.path, pyproject.text, pyproject.error)).encode()
    for each in files_of(found):
        yield os.fsencode(each)
        yield _content(each)


def _content(file: Path) -> bytes:
    try:
        return b"1" + read_bytes(file)
    except OSError as error:
        return f"0{error}".encode()


def _read(file: Path) -> Report | None:
    try:
        held = json.loads(file.read_bytes())
        lists = {key: tuple(value) for key, value in held.items() if isinstance(value, list)}
        findings = tuple(Finding(**each) for each in held["findings"])
        unused = tuple(UnusedIgnore(**each) for each in held["unused_ignores"])
        own = tuple(OwnRule(**each) for each in held["own"])
        whole = {**held, **lists, "findings": findings, "unused_ignores": unused, "own": own}
        return Report(**whole)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _write(file: Path, report: Report) -> None:
    import tempfile

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as stream:
            stream.write(json.dumps(asdict(report)).encode())
        os.replace(stream.name, file)  # noqa: PTH105  # it is a name, and no path
        kept = sorted(file.parent.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # nothing is lost but time
