"""What a run writes: how far it is, how the tasks stand, and what is wrong, as much as was asked for."""

import sys
import time
from collections.abc import Sequence

import pytest

from groundrules.testing.failures import Words
from groundrules.testing.places import Places
from groundrules.testing.standings import Standings
from groundrules.testing.summary import findings, show_failures, show_first
from groundrules.testing.verdict import Verdict

MOST_LINES = 15  # of a run in which something is wrong


class Screen:
    """Writes what one run has to say.

    :ivar level: 1 for all that is wrong and each test (`-v`), 0 for the first thing, -1 for a line for each
        task (`-q`).
    """

    def __init__(self, config: pytest.Config, verdict: Verdict, places: Places) -> None:
        option = config.option
        self.level: int = option.verbose
        if self.level <= 0 and not option.collectonly:
            option.verbose = -2  # pytest itself is to say nothing but what went wrong with it
        self._config = config
        self._verdict = verdict
        self._places = places
        self._live = self.level == 0 and option.capture != "no" and sys.stdout.isatty()
        self._began = time.monotonic()
        self._lines = self._run = self._failed = 0
        self._shows = False  # whether the failures are told here

    @property
    def reporter(self) -> pytest.TerminalReporter | None:
        """What writes to the terminal, if anything does."""
        return self._config.pluginmanager.get_plugin("terminalreporter")

    @property
    def failures(self) -> list[tuple[str, Words]]:
        """The tests that failed, with what is to be told of each."""
        failed = self.reporter.getreports("failed") if self.reporter is not None else ()
        return [(each.nodeid, each.longrepr) for each in failed if isinstance(each.longrepr, Words)]

    @property
    def first(self) -> Words | None:
        """The finding that explains the most, in words."""
        found = findings(self.failures, by_line=True)
        return found[0][0][1] if found else None

    def begin(self, folder: str, notices: Sequence[str]) -> None:
        """Say what is checked, and what is to be known before."""
        checked = [f"Checking {folder}"] if self.level >= 0 else []
        for line in (*checked, *notices):
            self._write(line)

    def count(self, reports: Sequence[pytest.TestReport], tests: int) -> None:
        """Show that one more of so many tests has ended, where the line can be written again."""
        self._run += 1
        self._failed += any(report.failed for report in reports)
        if self._live and self.reporter is not None:
            failed = f", {self._failed} failed" if self._failed else ""
            self.reporter.rewrite(f"{self._run} of {tests} tests{failed}", erase=True)

    def end(self, seed: int | None) -> None:
        """Write how the tasks stand, unless each test is listed above that.

        :param seed: what the values of the tests came from, if a test had any.
        """
        reporter = self.reporter
        if reporter is None or self.level > 0 or self._config.option.collectonly:
            return
        if self._live:
            reporter.rewrite("", erase=True)
            reporter.write("\r")
        standings = Standings(self._verdict, reporter, self._places)
        if self.level < 0:
            standings.show_each()
            return
        self._write(self._counted(seed))
        self._lines += standings.show_in_short()
        if not self.failures:
            standings.show_next(None)

    def before_pytests(self) -> None:
        """Write all that is wrong if that was asked for, and leave it to pytest to show what else there is.

        It shows failures where the suite itself has failed, or somebody asks for tracebacks.
        """
        reporter, option, failures = self.reporter, self._config.option, self.failures
        if reporter is None or not failures or option.tbstyle != "auto":
            return
        only = len(failures) == len(reporter.getreports("failed"))
        if not only or reporter.getreports("error"):
            return
        option.tbstyle = "no"
        self._shows = not option.no_summary and self.level >= 0
        if self._shows and self.level > 0:
            show_failures(reporter, findings(failures, by_line=False), self._places)

    def after_pytests(self, seed: int | None) -> None:
        """Write what to do next: what was found first, or all that `-v` adds."""
        reporter = self.reporter
        if reporter is None:
            return
        if self.level > 0:
            reporter.ensure_newline()
            reporter.section("tasks", sep="-")
            standings = Standings(self._verdict, reporter, self._places)
            standings.show_each()
            standings.show_next(self.first)
            if seed is not None:
                self._write(f"To repeat the values of this run: --groundrules-seed {seed}")
        elif self._shows and not (self._verdict.troubles or self._verdict.changed):
            found = findings(self.failures, by_line=True)
            show_first(reporter, found, self._places, MOST_LINES - self._lines - 1)

    def _counted(self, seed: int | None) -> str:
        if not self._run:
            return "No tests ran."
        passed = self._run - self._failed
        count = f"{passed} of {self._run}" if self._failed else f"{self._run}"
        passes = "test passes" if count == "1" else "tests pass"
        told = f"{count} {passes}, in {time.monotonic() - self._began:.1f} s."
        return (
            told
            if seed is None or not self._failed
            else f"{told} To repeat the run: --groundrules-seed {seed}"
        )

    def _write(self, line: str) -> None:
        if self.reporter is not None:
            self.reporter.write_line(line)
            self._lines += 1
