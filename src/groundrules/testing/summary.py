"""What a run has found wrong: the one thing to begin with or, with `-v`, all of it."""

import re
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence

import pytest

from groundrules.rules.findings import UNREADABLE
from groundrules.testing.failures import INDENT, WIDTH, Words, and_join
from groundrules.testing.places import Places

Same = list[tuple[str, Words]]  # the tests that fail for one reason, with the words of each

LEAST_LINES = 6  # of a finding
EXPLAINS = {UNREADABLE: 0, "GR203": 1}
LABELLED = re.compile(r" *(?:Also|Docs|Fix|Hint|Last|Print|Read|Test|There|Why|Write) +| *")


def findings(failures: Sequence[tuple[str, Words]], *, by_line: bool) -> list[Same]:
    """Return failures by what is wrong: first what explains the most, then in the order of the tests.

    A file that does not parse breaks whatever imports it, and a coroutine that nobody awaits does nothing
    where a test looks for what it does. In the first task that fails, what most of its tests fail for comes
    first.

    :param failures: the node id of each failed test, and its words.
    :param by_line: whether all that is about one line of the code is one.
    """
    by_cause: dict[str, Same] = {}
    for test, words in sorted(failures, key=lambda each: _rank(each[1])):
        key = words.place if by_line and words.place else words.cause
        by_cause.setdefault(key, []).append((test, words))
    found = list(by_cause.values())
    if found and _rank(found[0][0][1]) == len(EXPLAINS) and not found[0][0][1].stubs:
        task = found[0][0][1].task
        rivals = [same for same in found if any(words.task is task for _, words in same)]
        most = max(rivals, key=lambda same: len(_functions(same)))
        found.remove(most)
        found.insert(0, most)
    return found


def _rank(words: Words) -> int:
    return EXPLAINS.get(words.cause.split()[0], len(EXPLAINS))


def _functions(same: Same) -> set[str]:
    return {test.partition("[")[0] for test, _ in same}


def show_first(
    reporter: pytest.TerminalReporter, found: Sequence[Same], places: Places, room: int
) -> None:
    """Write the first of what was found, in at most `room` lines, and how much more there is."""
    words = found[0][0][1]
    more = sum(not same[0][1].stubs for same in found[1:])
    room = max(room - bool(more), LEAST_LINES)
    heading, *lines = _lines(words, places)
    reporter.write_line(heading, red=not words.stubs, bold=True)
    fitted = [part for line in lines for part in _fitted(places.shown(line))]
    for line in _shortened(fitted, room - 1):
        reporter.write_line(_printable(line))
    if more:
        reporter.write_line(f"{more} more {'finding' if more == 1 else 'findings'}: -v")


def _lines(words: Words, places: Places) -> list[str]:
    if words.stubs:
        files = and_join([places.of(file) for file in words.stubs])
        return [words.heading, f"{INDENT}Write {files}", f"{INDENT}Read  {words.section}"]
    if len(words.lines) == 1:
        return [words.heading, INDENT + words.lines[0]]
    return [words.heading, *words.lines]


def _fitted(line: str) -> list[str]:
    """Return a line in as many as it needs; source that is shown is cut instead."""
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)
    if len(line) <= width:
        return [line]
    if "│" in line:
        return [f"{line[: width - 1]}…"]
    label = LABELLED.match(line)
    indent = " " * (len(label[0]) if label else 0)
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _shortened(lines: Sequence[str], room: int) -> list[str]:
    """Return as many lines as there is room for; the reason for a rule is left out before anything else."""
    kept = list(lines)
    if len(kept) > room:
        kept = _without(kept, "Why")
    if len(kept) > room:
        kept = [*kept[: room - 3], f"{INDENT}…", *kept[-2:]]
    return kept


def _without(lines: Sequence[str], label: str) -> list[str]:
    kept: list[str] = []
    left_out = False
    for line in lines:
        if line.startswith(f"{INDENT}{label} "):
            left_out = True
        elif not (left_out and line.startswith(f"{INDENT}      ")):
            left_out = False
            kept.append(line)
    return kept


def show_failures(reporter: pytest.TerminalReporter, found: Sequence[Same], places: Places) -> None:
    """Write all that was found, with the tests and tasks that it concerns; of stubs, the first."""
    reporter.ensure_newline()
    reporter.section("what is wrong", sep="-")
    stubs = [same for same in found if same[0][1].stubs]
    for same in found:
        if same not in stubs[1:]:
            _show(reporter, same, places)


def _show(reporter: pytest.TerminalReporter, same: Same, places: Places) -> None:
    _, words = same[0]
    whole = len(words.lines) > 1
    if whole:
        reporter.write_line(words.heading, red=True, bold=True)
        for line in words.lines:
            for part in _fitted(places.shown(line)):
                reporter.write_line(_printable(part))
    else:
        for line in textwrap.wrap(
            str(words),
            WIDTH,
            subsequent_indent=INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        ):
            reporter.write_line(line)
    if words.stubs:
        return
    task = words.about.id
    tests = [test.rpartition("::")[2] for test, each in same if each.task.id == task]
    others = Counter(each.task.id for _, each in same if each.task.id != task)
    if whole and tests and not _is_of_rules(same):
        _write_list(reporter, "Test", _shortened_names(tests))
    if others:
        counted = [f"{task} ({_count(number)})" for task, number in others.items()]
        _write_list(reporter, "Also  it fails", counted)


def _is_of_rules(same: Same) -> bool:
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


def _shortened_names(tests: Sequence[str]) -> list[str]:
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
