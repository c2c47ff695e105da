"""How the tasks stand at the end of a run, and what to do next."""

import ast
import textwrap
from collections.abc import Iterator, Sequence

import pytest

from groundrules.course.steps import Step, Task
from groundrules.testing.failures import WIDTH, Words, and_join
from groundrules.testing.places import Places
from groundrules.testing.verdict import TaskVerdict, Verdict

FAILING_SHOWN = 4  # tasks


class Standings:
    """Writes how the tasks of a verdict stand."""

    def __init__(self, verdict: Verdict, reporter: pytest.TerminalReporter, places: Places) -> None:
        self._verdict = verdict
        self._reporter = reporter
        self._places = places
        self._shown = [each for each in verdict.tasks.values() if each.run]
        self._lines = 0

    def show_each(self) -> None:
        """Write a line for each task that was checked, and what was not."""
        for verdict in self._shown:
            self._write_mark(verdict)
            self._reporter.write_line(f"  {verdict.task} {verdict.title}")
        self._show_rest()

    def show_in_short(self) -> int:
        """Write which tasks are done, which are not and which are to do; return in how many lines."""
        told: dict[str, list[str]] = {"Done": [], "Passing": [], "Failing": [], "No verdict": []}
        told["To do"] = []
        failing = [each for each in self._shown if self._label(each) == "Failing"]
        for verdict in self._shown:
            label = self._label(verdict)
            if verdict in failing[FAILING_SHOWN:]:
                continue
            counted = label in ("Passing", "Failing")
            count = f" ({verdict.passed} of {verdict.tests})" if counted else ""
            told[label].append(f"{verdict.task}{count}")
        if more := failing[FAILING_SHOWN:]:
            told["Failing"].append(f"{len(more)} more")
        ids = [verdict.task for verdict in self._shown]
        parts = [
            f"{label}: {and_join(_spans(names, ids))}." for label, names in told.items() if names
        ]
        self._write_wrapped(" ".join(parts))
        self._show_rest()
        return self._lines

    def show_next(self, first: Words | None) -> None:
        """Write what to do next, if there is a verdict: to see to the first finding, or what comes after."""
        if self._verdict.troubles or self._verdict.changed or not self._shown:
            return
        if first is not None:
            self._write_wrapped(self._places.shown(self._to(first)))
        elif not self._verdict.partial and all(verdict.done for verdict in self._shown):
            last = self._verdict.course.task(self._shown[-1].task)
            if len(self._shown) == 1:
                self._write_wrapped(last[1].learned)
            self._write_wrapped(self._places.shown(self._after(*last)))

    def _to(self, first: Words) -> str:
        verdict, course = self._verdict.tasks[first.task.id], self._verdict.course
        if verdict.after is not None:
            before = course.step(verdict.after)
            return f"Next: step {before.number:02} first; read steps/{before.name}/README.md"
        step, task = course.task(first.about.id)
        where = f" at {first.place}" if first.place else ""
        if not where and len(task.files) < 3:
            where = f" in {and_join([self._places.of(file) for file in task.files])}"
        return f"Next: {task.id}{where}; read steps/{step.name}/README.md"

    def _label(self, verdict: TaskVerdict) -> str:
        if verdict.trouble:
            return "No verdict"
        if verdict.untouched or verdict.after is not None:
            return "To do"
        if verdict.failed:
            return "Failing"
        return "Passing" if self._verdict.partial else "Done"

    def _write_mark(self, verdict: TaskVerdict) -> None:
        label = self._label(verdict)
        if label in ("Done", "To do"):
            self._reporter.write(f"{label.lower():>8}", green=label == "Done")
        elif label == "No verdict":
            self._reporter.write(f"{'trouble':>8}", yellow=True)
        else:
            passed = f"{verdict.passed} of {verdict.tests}"
            self._reporter.write(f"{passed:>8}", red=verdict.failed > 0, green=not verdict.failed)

    def _show_rest(self) -> None:
        """Write what was not checked, and why there is no verdict if so."""
        verdict = self._verdict
        for line in self._not_checked() if verdict.partial and verdict.chosen is None else ():
            self._write_wrapped(line)
        if verdict.changed:
            told = "The code was changed during the run, so there is no verdict: run it again."
            self._write_wrapped(told, yellow=True)
        elif verdict.troubles:
            number = sum(each.trouble for each in self._shown)
            tests = "1 test" if number == 1 else f"{number} tests"
            self._write_wrapped(
                f"The machine had trouble with {tests}, and that says nothing about the code: run "
                f"the step again. {verdict.troubles[0]}",
                yellow=True,
            )

    def _write_wrapped(self, text: str, **markup: bool) -> None:
        for line in textwrap.wrap(
            text, WIDTH, subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False
        ):
            self._reporter.write_line(line, **markup)
            self._lines += 1

    def _not_checked(self) -> Iterator[str]:
        """Yield what a part of a suite has not looked at, a step at a time."""
        for step in self._verdict.steps:
            left_out = []
            for task in step.tasks:
                verdict = self._verdict.tasks.get(task.id)
                if verdict is None or not verdict.run:
                    left_out.append(task.id)
                elif missing := self._missing(step, verdict):
                    left_out.append(f"{missing} {'test' if missing == 1 else 'tests'} of {task.id}")
            if left_out:
                yield f"Not checked: {and_join(left_out)}. The whole step: pytest steps/{step.number:02}"

    def _missing(self, step: Step, verdict: TaskVerdict) -> int:
        """Return how many tests of a task were not run; those of a function not collected count as one."""
        collected = verdict.tests - verdict.passed - verdict.failed - verdict.trouble
        if not self._verdict.of_parts or collected:
            return collected
        return len(_functions_of(step, verdict.task) - self._verdict.functions)

    def _after(self, step: Step, task: Task) -> str:
        """Return what to do once `task`, the last one checked, is done."""
        chosen, course = self._verdict.chosen, self._verdict.course
        if chosen is not None and task is not step.tasks[-1]:
            following = step.tasks[step.tasks.index(task) + 1]
            return f"Next: {following.id} {following.title}; read steps/{step.name}/README.md"
        if chosen is not None and not chosen.issuperset(each.id for each in step.tasks):
            return f"Now the whole step: pytest steps/{step.number:02}"
        later = [each for each in course.ready_steps if each.number > step.number]
        if step == course.steps[-1]:
            return f"Step {step.number:02} is done, the last one. Type: groundrules start"
        if not later:
            return f"Step {step.number:02} is done, the last that is ready."
        return f"Next: step {later[0].number:02}, {later[0].title}; read steps/{later[0].name}/README.md"


def _spans(names: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Return names of tasks with three and more that follow each other as `03.1 to 03.4`."""
    found: list[list[str]] = []
    for name in names:
        before = found[-1][-1] if found else None
        follows = name in ids and before in ids and ids.index(name) == ids.index(before) + 1
        if follows and name[:2] == str(before)[:2]:
            found[-1].append(name)
        else:
            found.append([name])
    return [
        part for span in found for part in ([f"{span[0]} to {span[-1]}"] if len(span) > 2 else span)
    ]


def _functions_of(step: Step, task: str) -> set[tuple[str, str]]:
    """Return the files and names of the test functions of a task, as its suite has them."""
    found = set()
    for path in step.folder.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                ast.unparse(mark).startswith(f"task({task!r}") for mark in node.decorator_list
            ):
                found.add((path.name, node.name))
    return found
