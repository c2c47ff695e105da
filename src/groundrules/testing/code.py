"""The trainee's code as a suite sees it without running it: its files, and the rules it keeps."""

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from groundrules.course.steps import Course, Step
from groundrules.rules import Finding, Report, check_project
from groundrules.rules.engine import codes
from groundrules.rules.findings import UNREADABLE


class RuleBroken(Exception):
    """A rule is broken; `findings` say where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{findings[0].rule} is broken")
        self.findings = findings


@dataclass(frozen=True)
class Code:
    """The source of one application, as it was before any of it ran.

    :param folder: the copy of the folder that holds the `app` package.
    """

    course: Course
    folder: Path

    def toml(self, file: str) -> dict[str, Any]:
        """Return what a TOML file holds.

        Raises `RuleBroken` if it is the project file and does not parse, which is a finding, and otherwise
        an `AssertionError` that says what keeps it from being read.
        """
        try:
            return tomllib.loads((self.folder / file).read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise AssertionError(f"{file} is missing.") from None
        except (OSError, ValueError) as error:
            unreadable = [
                finding
                for finding in self._report.findings
                if finding.rule == UNREADABLE and finding.path == file
            ]
            if unreadable:
                raise RuleBroken(unreadable) from None
            raise AssertionError(f"{file} cannot be read as TOML: {error}.") from None

    def has(self, file: str) -> bool:
        """Whether the file is there."""
        return (self.folder / file).is_file()

    def must_keep(self, rule: str, *, until: Step, file: str | None = None) -> None:
        """Raise `RuleBroken` if files that the steps up to `until` are about break `rule`.

        Files that only later steps list are left out; files that no step lists are not. With `file`, only
        what is found in that file counts. Raises `LookupError` if there is no such rule, so that no suite
        passes for want of one.
        """
        if rule not in codes():
            raise LookupError(f"There is no rule {rule}.")
        later = self.course.only_later(until)
        findings = [
            finding
            for finding in self._report.findings
            if finding.rule in (rule, UNREADABLE)
            and finding.path not in later
            and file in (None, finding.path)
        ]
        unreadable = [finding for finding in findings if finding.rule == UNREADABLE]
        if findings:
            raise RuleBroken(unreadable or findings)

    def must_declare_what_it_imports(self) -> None:
        """Raise an `AssertionError` if a file imports a package that `pyproject.toml` does not bring."""
        from packaging.requirements import InvalidRequirement

        from groundrules.testing.packages import NEEDS, by_environment, undeclared

        project = self.toml("pyproject.toml").get("project")
        project = project if isinstance(project, dict) else {}
        dependencies = project.get("dependencies")
        assert isinstance(dependencies, list), (
            "pyproject.toml has no list of dependencies in [project]."
        )
        for file, name, package in undeclared(self.folder, dependencies):
            needs = ", which needs a package that" if name in NEEDS else ", which"
            raise AssertionError(
                f"{file} imports {name}{needs} none of the dependencies in pyproject.toml "
                f"installs: add {package} to them."
            )
        if not any(";" in str(each) for each in dependencies):
            return
        with suppress(InvalidRequirement):  # which another test is about
            for where, there in by_environment(dependencies, str(project.get("requires-python"))):
                for file, name, package in undeclared(self.folder, there):
                    raise AssertionError(
                        f"{file} imports {name}, which the dependencies in pyproject.toml do not install "
                        f"{where}: {package} has a marker that leaves it out there."
                    )

    @cached_property
    def _report(self) -> Report:
        return check_project(self.folder, package="app", honour_ignores=False, every_file=True)
