"""What `groundrules check` is asked for, and its options as they are typed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from groundrules.terminal import Format

_LISTS = ("select", "ignore")
_FLAGS = {
    "--no-cache": "no_cache",
    "--no-baseline": "no_baseline",
    "--statistics": "statistics",
    "--exit-zero": "exit_zero",
}
_VALUES = {
    "--package": "package",
    "--select": "select",
    "--ignore": "ignore",
    "--format": "format",
    "--baseline": "baseline",
    "--since": "since",
    "--output-file": "output_file",
    "--stdin-filename": "stdin_filename",
}
_FILES = ("baseline", "output_file", "stdin_filename")


@dataclass
class Check:
    """What a check is asked for; the fields are named after the options."""

    paths: list[Path] = field(default_factory=list)
    package: str | None = None
    select: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    format: Format = "text"
    baseline: Path | None = None
    since: str | None = None
    output_file: Path | None = None
    stdin_filename: Path | None = None
    no_cache: bool = False
    no_baseline: bool = False
    statistics: bool = False
    exit_zero: bool = False

    def typed(self) -> list[str]:
        """Return the check as it is typed."""
        args = ["check", *(name for name, key in _FLAGS.items() if getattr(self, key))]
        for name, key in _VALUES.items():
            given = getattr(self, key)
            args += [f"{name}={each}" for each in (given if key in _LISTS else [given]) if each]
        return [*args, "--", *map(str, self.paths)]


def plain_check(args: Sequence[str]) -> Check | None:
    """Return what a check is asked for; None for anything but paths and whole options."""
    found, rest = Check(), list(args)
    while rest:
        name, given, value = rest.pop(0).partition("=")
        if name == "--" and not given:
            found.paths += map(Path, rest)
            break
        if not name.startswith("-") or name == "-":
            found.paths.append(Path(name + given + value))
        elif name in _FLAGS and not given:
            setattr(found, _FLAGS[name], True)
        elif name in _VALUES and (given or rest):
            if not _set(found, _VALUES[name], value if given else rest.pop(0)):
                return None
        else:
            return None
    return found


def _set(check: Check, key: str, value: str) -> bool:
    """Set an option, and return whether it may have that value."""
    if key == "format" and value not in get_args(Format):
        return False
    if key in _LISTS:
        getattr(check, key).append(value)
    else:
        setattr(check, key, Path(value) if key in _FILES else value)
    return True


def codes_of(option: str, given: list[str]) -> list[str] | None:
    """Return the codes that an option names, None if it is not given; raise `ValueError` if it names none."""
    found = [code.strip().upper() for each in given for code in each.split(",") if code.strip()]
    if given and not found:
        raise ValueError(f"--{option} names no rule: `groundrules rules` lists them all.")
    return found or None
