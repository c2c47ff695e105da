"""The list of what is wrong at the end of a run, each thing once."""

import sys
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from groundrules.testing.failures import INDENT, WIDTH, Words, and_join, cut


def show_failures(reporter: pytest.TerminalReporter, failures: Sequence[tuple[str, Words]]) -> None:
    """Write what went wrong, each cause once, with the tests and tasks that it concerns.

    :param failures: the node id of each failed test, and its words.
    """
    by_cause: dict[str, list[tuple[str, Words]]] = {}
    for test, words in failures:
        by_cause.setdefault(words.cause, []).append((test, words))
    reporter.ensure_newline()
    reporter.section("what is wrong", sep="-")
    for same in by_cause.values():
        _show(reporter, same)


def _show(reporter: pytest.TerminalReporter, same: Sequence[tuple[str, Words]]) -> None:
    _, words = same[0]
    whole = len(words.lines) > 1
    if whole:
        reporter.write_line(words.heading, red=True, bold=True)
        for line in words.lines:
            reporter.write_line(_printable(line))
    else:
        for line in textwrap.wrap(
            str(words), WIDTH, subsequent_indent=INDENT, break_on_hyphens=False
        ):
            reporter.write_line(line)
    task = words.task.id
    tests = [test.rpartition("::")[2] for test, each in same if each.task.id == task]
    others = Counter(each.task.id for _, each in same if each.task.id != task)
    if whole and not all("[GR" in test for test in tests):
        reporter.write_line(_names(tests))
    if others:
        reporter.write_line(_others(others))


def _others(tasks: Mapping[str, int]) -> str:
    """Return one line that names the tasks, with how many of their tests fail if there is room for that."""
    counted = and_join([f"{task} ({_count(number)})" for task, number in tasks.items()])
    line = f"{INDENT}Also  it fails {counted}"
    return line if len(line) <= WIDTH else cut(f"{INDENT}Also  it fails {and_join(list(tasks))}")


def _names(tests: Sequence[str]) -> str:
    """Return one line with as many names as it holds."""
    for shown in range(len(tests), 1, -1):
        left_out = [f"{len(tests) - shown} more"] if shown < len(tests) else []
        line = f"{INDENT}Test  {and_join([*tests[:shown], *left_out])}"
        if len(line) <= WIDTH:
            return line
    more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
    return cut(f"{INDENT}Test  {tests[0]}")[: WIDTH - len(more)] + more


def _count(tests: int) -> str:
    return "1 test" if tests == 1 else f"{tests} tests"


def _printable(line: str) -> str:
    """Return the line with signs that standard output has, so that what stands below each other stays so."""
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return line.replace("│", "|").replace("…", "~")
    return line
