"""The list of what is wrong at the end of a run, each thing once."""

import sys
import textwrap
from collections import Counter
from collections.abc import Sequence

import pytest

from groundrules.rules.findings import UNREADABLE
from groundrules.testing.failures import INDENT, WIDTH, Words, and_join

MOST = 3  # of one task: what else fails there mostly follows from the first


def by_what_they_explain(failures: Sequence[tuple[str, Words]]) -> list[tuple[str, Words]]:
    """Return failures with those first that explain others, and otherwise in the order of the tests.

    A file that does not parse breaks whatever imports it, and a coroutine that nobody awaits does nothing
    where a test looks for what it does.
    """
    explains = {UNREADABLE: 0, "GR203": 1}
    return sorted(failures, key=lambda each: explains.get(each[1].cause.split()[0], 2))


def show_failures(reporter: pytest.TerminalReporter, failures: Sequence[tuple[str, Words]]) -> None:
    """Write what went wrong, each cause once, with the tests and tasks that it concerns.

    Of a task that fails in many ways the first few are shown, and all with `-v`. What breaks a rule is
    always shown.

    :param failures: the node id of each failed test, and its words.
    """
    by_cause: dict[str, list[tuple[str, Words]]] = {}
    for test, words in failures:
        by_cause.setdefault(words.cause, []).append((test, words))
    reporter.ensure_newline()
    reporter.section("what is wrong", sep="-")
    shown: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for same in by_cause.values():
        heading = same[0][1].heading
        if _is_of_rules(same) or reporter.verbosity > 0 or shown[heading] < MOST:
            shown[heading] += not _is_of_rules(same)
            _show(reporter, same)
        else:
            left_out[heading] += len(same)
    for heading, number in left_out.items():
        more = "1 more test fails" if number == 1 else f"{number} more tests fail"
        reporter.write_line(f"{heading}: {more}. To see why, add -v.")


def _show(reporter: pytest.TerminalReporter, same: Sequence[tuple[str, Words]]) -> None:
    _, words = same[0]
    whole = len(words.lines) > 1
    if whole:
        reporter.write_line(words.heading, red=True, bold=True)
        for line in words.lines:
            reporter.write_line(_printable(line))
    else:
        for line in textwrap.wrap(
            str(words),
            WIDTH,
            subsequent_indent=INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        ):
            reporter.write_line(line)
    task = words.about.id
    tests = [test.rpartition("::")[2] for test, each in same if each.task.id == task]
    others = Counter(each.task.id for _, each in same if each.task.id != task)
    if whole and tests and not _is_of_rules(same):
        _write_list(reporter, "Test", _shortened(tests))
    if others:
        counted = [f"{task} ({_count(number)})" for task, number in others.items()]
        _write_list(reporter, "Also  it fails", counted)


def _is_of_rules(same: Sequence[tuple[str, Words]]) -> bool:
    return all("[GR" in test for test, _ in same)


def _write_list(reporter: pytest.TerminalReporter, label: str, names: Sequence[str]) -> None:
    """Write one line with as many names as it holds; none if it does not hold the first."""
    for shown in range(len(names), 0, -1):
        left_out = [f"{len(names) - shown} more"] if shown < len(names) else []
        space = " " if label.startswith("Also") else "  "
        line = f"{INDENT}{label}{space}{and_join([*names[:shown], *left_out])}"
        if len(line) <= WIDTH:
            reporter.write_line(line)
            return


def _shortened(tests: Sequence[str]) -> list[str]:
    """Return the names of tests; one that differs from the one before in its parameter is that alone."""
    names: list[str] = []
    before = ""
    for test in tests:
        function, bracket, parameter = test.partition("[")
        names.append(bracket + parameter if bracket and function == before else test)
        before = function
    return names


def _count(tests: int) -> str:
    return "1 test" if tests == 1 else f"{tests} tests"


def _printable(line: str) -> str:
    """Return the line with signs that standard output has, so that what stands below each other stays so."""
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return line.replace("│", "|").replace("…", "~")
    return line
