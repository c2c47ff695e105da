"""Submissions to the small course, and what grading them gives."""

import csv
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from groundrules.worker.sandbox import NoSandbox, find_sandbox
from tests.processes import GROUNDRULES, run
from tests.testing.conftest import Clone, clone, environment, small_course, write_application

__all__ = ["clone", "environment"]


def _has_sandbox() -> bool:
    try:
        find_sandbox()
    except NoSandbox:
        return False
    return True


needs_sandbox = pytest.mark.skipif(not _has_sandbox(), reason="needs bubblewrap")


@dataclass(frozen=True)
class Graded:
    """One run of `groundrules grade`."""

    status: int
    out: str
    err: str
    folder: Path

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        with (self.folder / "gradebook.csv").open(encoding="utf-8", newline="") as file:
            return {row["name"]: row for row in csv.DictReader(file)}

    @property
    def results(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "results.json").read_text("utf-8"))
        return found

    @property
    def statuses(self) -> dict[str, str]:
        return {name: row["status"] for name, row in self.rows.items()}


@dataclass
class Class:
    """A small course, and a folder in which people hand in."""

    clone: Clone
    folder: Path
    out: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def hand_in(self, name: str, **files: str) -> Path:
        """Hand in a right application, with some files in the place of its own."""
        made = Clone(self.folder)
        write_application(made, name)
        for file, text in files.items():
            made.write(f"{name}/app/{file}.py", text)
        return self.folder / name

    def command(self, *arguments: str, submissions: Path | None = None) -> list[str]:
        place = str(submissions or self.folder)
        words = [place, "--out", str(self.out), "--steps=1", *arguments]  # the last --steps counts
        return [*GROUNDRULES, "grade", *words]

    def grade(
        self, *arguments: str, submissions: Path | None = None, patience: float = 120
    ) -> Graded:
        done = run(
            self.command(*arguments, submissions=submissions),
            cwd=self.clone.root,
            env={**os.environ, **self.clone.environment, **self.environment},
            timeout=patience,
        )
        return Graded(done.returncode, done.stdout, done.stderr, self.out)


@pytest.fixture
def class_(tmp_path: Path, environment: dict[str, str]) -> Class:
    return Class(
        small_course(tmp_path / "course", environment), tmp_path / "handed in", tmp_path / "out"
    )
