"""Submissions that are repositories of git, of which no setting and no hook may run here."""

import os
import subprocess
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path

from groundrules.grade.reader import Broken, Copy, unpack_tar

PATIENCE = 120.0  # seconds
REFERENCES = "+refs/heads/*:refs/handed-in/*"


def copy_repository(source: Path, copy: Copy, deadline: datetime | None = None) -> str:
    """Copy the files of a repository's commit, and return that commit.

    It is the one that is checked out there or, with a deadline, the last one of it until then. Everything is
    fetched into a new repository, so that settings and hooks of theirs are never used.
    Raises `Broken` if there is no such commit.
    """
    with tempfile.TemporaryDirectory(prefix="groundrules-git-") as name:
        own = Path(name) / "own"
        settings = Path(name) / "settings"
        settings.write_text("[safe]\n\tdirectory = *\n", encoding="utf-8")
        _git(settings, "init", "--quiet", "--bare", str(own))
        inside = ("--git-dir", str(own))
        _git(settings, *inside, "fetch", "--quiet", "--no-tags", str(source.resolve()), "HEAD")
        commit = "FETCH_HEAD"
        if deadline is not None:
            before = f"--before={deadline.isoformat()}"
            commit = _git(settings, *inside, "rev-list", "-1", before, "FETCH_HEAD").strip()
            if not commit:
                raise Broken("The repository has no commit from before the deadline.")
        commit = _git(settings, *inside, "rev-parse", commit).strip()
        archive = Path(name) / "files.tar"
        _git(settings, *inside, "archive", "--format=tar", f"--output={archive}", commit)
        with tarfile.open(archive) as tar:
            unpack_tar(tar, copy)
    return commit


def _git(settings: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(settings),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ATTR_NOSYSTEM": "1",
    }
    try:
        run = subprocess.run(
            ["git", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise Broken("It is a repository, and git is not installed here.") from None
    except subprocess.TimeoutExpired:
        raise Broken("The repository could not be read in two minutes.") from None
    if run.returncode != 0:
        told = [line for line in run.stderr.splitlines() if line.strip()]
        why = told[-1].strip()[:120] if told else f"exit status {run.returncode}"
        raise Broken(f"The repository cannot be read ({why}).")
    return run.stdout
