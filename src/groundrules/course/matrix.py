"""Demands, the tests that hold them and the versions that break them: the table, and the holes in it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from groundrules.course.demands import Demand, demands_of, items_of
from groundrules.course.problems import Problem
from groundrules.course.steps import Course, CourseError, Step
from groundrules.course.suite import SuiteTest, suite_of
from groundrules.course.versions import Version, versions_of

WIDTH = 45  # of the column of demands


@dataclass(frozen=True)
class Row:
    """A demand, with the tests that name it and the wrong versions that break it."""

    demand: Demand
    tests: tuple[SuiteTest, ...]
    versions: tuple[Version, ...]


def rows_of(course: Course, step: Step) -> tuple[Row, ...]:
    """Return a row for each demand of a step; raise `CourseError` for a version that cannot be read."""
    tests, versions = suite_of(step), versions_of(course, "wrong", step)
    return tuple(
        Row(
            demand,
            tuple(test for test in tests if demand.name in test.demands),
            tuple(version for version in versions if version.demand == demand.name),
        )
        for demand in demands_of(step)
    )


def holes_of(course: Course, step: Step) -> Iterator[Problem]:
    """Yield demands without a name, a test or a version, and tests and versions without a demand."""
    rows = rows_of(course, step)
    demands = {row.demand.name: row.demand for row in rows}
    yield from _holes_of_the_lesson(step)
    for row in rows:
        if not row.tests:
            yield Problem(row.demand.place, f"no test names the demand {row.demand}: write one.")
        if not row.versions:
            yield Problem(
                row.demand.place, f"no wrong version breaks the demand {row.demand}: write one."
            )
    for test in suite_of(step):
        yield from _holes_of_a_test(test, demands)
    tasks = {task.id for task in step.tasks}
    for version in versions_of(course, "wrong", step):
        if version.task not in tasks or version.demand not in demands:
            named = f"{version.task} {version.demand}".strip() or "none"
            yield Problem(version.path, f"it breaks a demand that no lesson has: {named}.")
    yield from _versions_that_do_not_fit(course, step)


def _versions_that_do_not_fit(course: Course, step: Step) -> Iterator[Problem]:
    for version in (*versions_of(course, "wrong", step), *versions_of(course, "right", step)):
        try:
            version.changed(course)
        except CourseError as error:
            yield Problem(version.path, f"{error}: adapt it.")


def _holes_of_the_lesson(step: Step) -> Iterator[Problem]:
    seen = Counter[str]()
    for item in items_of(step):
        seen.update(item.names)
        if item.scope is None and item.names:
            yield Problem(item.place, "a demand belongs to a task or to *Your turn*: move it.")
        elif item.scope is not None and len(item.names) != 1:
            yield Problem(
                item.place,
                "an item of a task is a demand: end it with <!-- demand: its-name -->, or move it "
                "out of the list.",
            )
        for name in item.names:
            if seen[name] == 2:
                yield Problem(item.place, f"another demand is named {name}: choose another name.")


def _holes_of_a_test(test: SuiteTest, demands: dict[str, Demand]) -> Iterator[Problem]:
    if not test.demands:
        yield Problem(
            test.place, f"{test.name} names no demand: write it behind the task's number."
        )
    for name in test.demands:
        if name not in demands:
            yield Problem(
                test.place, f"{test.name} names {name}, which is no demand of its lesson."
            )
    for name in test.narrowed:
        if name not in test.demands:
            yield Problem(
                test.place, f"{test.name} has a part for {name}, which its @task leaves out."
            )
    scopes = {demands[name].scope for name in test.demands if name in demands}
    if scopes and not any(scope in (test.task, (test.task or "")[:2]) for scope in scopes):
        yield Problem(
            test.place,
            f"{test.name} names only demands of {', '.join(sorted(scopes))}, and is of task {test.task}.",
        )


def as_text(course: Course) -> str:
    """Return the table of every step: each demand, with how many tests hold it and versions break it."""
    lines = []
    for step in course.ready_steps:
        rows = rows_of(course, step)
        lines += [
            "",
            f"{step.number:02} {step.title}{'tests':>{WIDTH - len(step.title)}}  versions",
        ]
        lines += [
            f"{row.demand!s:<{WIDTH + 3}}{len(row.tests):>5}  {len(row.versions):>8}"
            for row in rows
        ]
        right = len(versions_of(course, "right", step))
        lines.append(f"{len(rows)} demands, {right} right versions")
    return "\n".join(lines[1:])


def as_data(course: Course) -> list[dict[str, object]]:
    """Return the same as JSON has it, with the sentences and the names of tests and versions."""
    return [
        {
            "step": step.id,
            "demands": [
                {
                    **asdict(row.demand),
                    "tests": [f"{test.place.partition(':')[0]}::{test.name}" for test in row.tests],
                    "wrong": [version.name for version in row.versions],
                }
                for row in rows_of(course, step)
            ],
            "right": [version.name for version in versions_of(course, "right", step)],
        }
        for step in course.ready_steps
    ]
