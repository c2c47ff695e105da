"""`--since REV`: what is found now and was not in a commit, whatever has moved since."""

import os
import subprocess
import tempfile
from pathlib import Path

from groundrules.rules.engine import check_project
from groundrules.rules.own import own_rules
from groundrules.rules.report.baseline import Baseline
from groundrules.rules.report.entries import Entry, Key
from groundrules.rules.report.settings import read_settings
from groundrules.rules.source.files import CheckError
from groundrules.terminal import harmless

_READ = ("*.py", "*.toml", "*.mako")  # the files that a check looks at


def known_in(
    revision: str,
    root: Path,
    package: str,
    select: list[str] | None,
    ignore: list[str] | None,
) -> Baseline:
    """Return the findings of a commit as a baseline of the same folder; raise `CheckError` without one."""
    real = root.resolve()
    top = Path(
        _git(real, "rev-parse", "--show-toplevel", error="is not in a git repository").strip()
    )
    commit = _git(
        *(real, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"),
        error=f"has no commit {harmless(revision)}: --since takes a branch, a tag or a hash",
    ).strip()
    with tempfile.TemporaryDirectory() as folder:
        before = _check_out(top, commit, Path(folder)) / real.relative_to(top.resolve())
        try:
            own = own_rules(read_settings(root))  # as they are today
            report = check_project(before, package=package, select=select, ignore=ignore, own=own)
        except CheckError:  # the package, or the settings, came later
            return Baseline(root / "since", {})
        entries = Baseline(before / "since", {}).updated(report)
    renamed = _renamed(top, commit, real)
    moved = (Key(renamed.get(key.file, key.file), *key[1:]) for key in entries)
    counts = (each.count for each in entries.values())
    return Baseline(
        root / "since", {key: Entry(key, count) for key, count in zip(moved, counts, strict=True)}
    )


def _check_out(top: Path, commit: str, folder: Path) -> Path:
    """Write what a commit has of such files to a folder; the repository's own index stays as it is."""
    index = {"GIT_INDEX_FILE": str(folder / "index")}
    _git(top, "read-tree", commit, **index)
    files = _git(top, "ls-files", "-z", "--", *_READ, **index)
    tree = folder / "tree"
    tree.mkdir()
    _git(top, "checkout-index", "-z", "--stdin", f"--prefix={tree}/", given=files, **index)
    return tree


def _renamed(top: Path, commit: str, root: Path) -> dict[str, str]:
    """Return the new names of renamed files by their old ones, relative to `root`."""
    told = _git(top, "diff", "-z", "--name-status", "-M", "--diff-filter=R", commit).split("\0")

    def below(path: str) -> str:
        return harmless(Path(os.path.relpath(top.resolve() / path, root)).as_posix())

    return {below(old): below(new) for old, new in zip(told[1::3], told[2::3], strict=False)}


def _git(
    folder: Path,
    *args: str,
    error: str = "cannot be read by git",
    given: str = "",
    **environment: str,
) -> str:
    try:
        done = subprocess.run(
            ["git", *args],
            cwd=folder,
            input=os.fsencode(given),
            capture_output=True,
            env={**os.environ, **environment},
            check=False,
        )
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise CheckError(f"--since needs git, which cannot be started: {reason}.") from None
    if done.returncode:
        raise CheckError(f"{folder} {error}.")
    return os.fsdecode(done.stdout)
