"""The course checks itself: what must always hold of its steps, states and lessons.

The idea that a course checks itself both ways, exercises failing and solutions passing, is rustlings'.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from groundrules.course.digests import LIST, REFRESH, is_current
from groundrules.course.lesson import hints_of, section_of
from groundrules.course.matrix import holes_of
from groundrules.course.problems import Problem
from groundrules.course.progress import Say, TestResult, run_suites
from groundrules.course.source import same_code
from groundrules.course.states import files_below, state_after, write_state
from groundrules.course.steps import EXERCISES, SOLUTION, Course, CourseError, Step
from groundrules.course.suite import suite_of
from groundrules.course.trials import trials
from groundrules.course.versions import versions_of

HINTS = 3  # a nudge, a pointer, nearly the answer
LONGEST_PLAIN_LINE = 200  # characters


def verify(course: Course, say: Say, *, static: bool = False) -> Iterator[Problem]:
    """Yield all that does not hold; `say` is told what is being looked at.

    :param static: leave out what takes running the suites.
    """
    say("Looking at the exercises …")
    yield from exercises_are_fresh(course)
    yield from digests_are_current(course)
    for step in course.ready_steps:
        say(f"Reading step {step.name} …")
        yield from texts_are_whole(course, step)
        yield from files_are_whole(course, step)
        yield from suite_is_whole(course, step)
        yield from holes_of(course, step)
    if static:
        return
    for number in range(len(course.ready_steps) + 1):
        say(f"Checking the state after step {number:02} …")
        yield from state_passes_what_it_should(course, number)
    say(f"Checking {SOLUTION}/ …")
    yield from solution_passes(course)
    yield from versions_are_judged(course, say)


def versions_are_judged(course: Course, say: Say) -> Iterator[Problem]:
    """Yield each wrong version that is not caught at its demand, and each right one that is refused."""
    for step in course.ready_steps:
        versions = [*versions_of(course, "wrong", step), *versions_of(course, "right", step)]
        for trial in trials(course, versions, say):
            if trial.problem is not None:
                yield Problem(trial.version.path, trial.problem)


def exercises_are_fresh(course: Course) -> Iterator[Problem]:
    """Yield each file of `exercises/` that is not what a trainee begins with."""
    wanted = state_after(course, 0)
    folder = course.root / EXERCISES
    found = {path.relative_to(folder).as_posix() for path in files_below(folder)}
    for file in sorted(found | wanted.keys()):
        if file not in wanted:
            yield Problem(
                f"{EXERCISES}/{file}", "no step has a starter for it: delete one or add the other."
            )
        elif file not in found or wanted[file].read_bytes() != (folder / file).read_bytes():
            starter = wanted[file].relative_to(course.root).as_posix()
            yield Problem(
                f"{EXERCISES}/{file}", f"it differs from its starter: copy {starter} there."
            )


def digests_are_current(course: Course) -> Iterator[Problem]:
    """Yield that the list of digests is not of what is there, if so."""
    if not is_current(course):
        yield Problem(LIST, f"it does not match the files: run `{REFRESH}`.")


def texts_are_whole(course: Course, step: Step) -> Iterator[Problem]:
    """Yield what the lesson and the hints lack: a section for each task, its files, and the rules."""
    lesson = step.lesson.read_text(encoding="utf-8")
    place = f"steps/{step.name}/README.md"
    for code in step.rules:
        if code not in lesson:
            yield Problem(
                place,
                (f"it never names {code}, which the step introduces: explain what it requires."),
            )
    for task in step.tasks:
        if not task.learned:
            yield Problem(
                f"steps/{step.name}/step.toml",
                f"task {task.id} does not say what is `learned` from it: add one sentence.",
            )
        section = section_of(step, task)
        if not section:
            yield Problem(
                place,
                f"task {task.id} has no section: write one headed `## {task.id} {task.title}`.",
            )
            continue
        for file in task.files:
            if file not in section and task.files != step.files:
                yield Problem(
                    place, f"task {task.id} does not name {file}: explain what belongs in it."
                )
        try:
            count = len(hints_of(step, task))
        except CourseError:
            count = 0
        if count != HINTS:
            yield Problem(
                f"steps/{step.name}/hints.md",
                f"task {task.id} has {count} hints: write {HINTS}, under `## {task.id} {task.title}`.",
            )


def files_are_whole(course: Course, step: Step) -> Iterator[Problem]:
    """Yield what is wrong with a step's starters, drafts and files."""
    listed = {file for task in step.tasks for file in task.files}
    for file in step.files:
        if file not in listed:
            yield Problem(f"steps/{step.name}/step.toml", f"no task names {file}: add it to one.")
        if course.introduces(file) is step and not (step.starter / file).is_file():
            yield Problem(f"steps/{step.name}/starter/{file}", "it is missing: write the stub.")
        source = state_after(course, course.steps.index(step) + 1)[file]
        if not source.is_file():
            yield Problem(
                f"{SOLUTION}/{file}", f"it is missing, and step {step.name} has no draft of it."
            )
    for file in sorted(listed - set(step.files)):
        yield Problem(
            f"steps/{step.name}/step.toml", f"a task names {file}, but `files` does not: add it."
        )
    for path in files_below(step.starter):
        file = path.relative_to(step.starter).as_posix()
        if file in step.files and course.introduces(file) is not step:
            yield Problem(
                f"steps/{step.name}/starter/{file}",
                "an earlier step introduces it: delete this one.",
            )
        elif file not in step.files and not same_code(path, course.root / SOLUTION / file):
            yield Problem(
                f"steps/{step.name}/starter/{file}",
                f"no step lists it, so it must be the same in {SOLUTION}/: copy it there, or list it.",
            )
    for path in files_below(step.draft):
        file = path.relative_to(step.draft).as_posix()
        place = f"steps/{step.name}/draft/{file}"
        later = course.steps[course.steps.index(step) + 1 :]
        if file not in step.files:
            yield Problem(place, "the step does not list it: list it or delete this draft.")
        elif not any(file in each.files for each in later):
            yield Problem(
                place, f"no later step changes it, so it is in {SOLUTION}/: delete this draft."
            )


def suite_is_whole(course: Course, step: Step) -> Iterator[Problem]:
    """Yield tests without a task, tasks without a test, and new rules that no test is run for."""
    tasks = {task.id for task in step.tasks}
    tested = set[str]()
    rules_tested = False
    for test in suite_of(step):
        rules_tested |= test.of_rules
        if test.task is None:
            yield Problem(test.place, f"{test.name} names no task: mark it with @task.")
        elif test.task not in tasks:
            yield Problem(
                test.place, f"{test.name} names task {test.task}, which step.toml does not have."
            )
        else:
            tested.add(test.task)
    for task in step.tasks:
        if task.id not in tested:
            yield Problem(f"steps/{step.name}", f"no test names task {task.id}: write one.")
    if not rules_tested:
        yield Problem(
            f"steps/{step.name}", "no test is marked rules_so_far: the rules must be checked."
        )


def state_passes_what_it_should(course: Course, number: int) -> Iterator[Problem]:
    """Yield where the state after step `number` passes what it should not, or fails what it should pass.

    It must pass the suites of its steps. Of the next step, no test of a task that introduces a file may
    pass, and some test of every other task must fail. State 0 must fail with a plain line each.
    """
    ready = course.ready_steps
    with tempfile.TemporaryDirectory() as name:
        folder = write_state(course, number, Path(name) / "state")
        results = run_suites(course, folder, ready[: number + 1])
    place = f"the state after step {number:02}"
    for step in ready[:number]:
        for result in _of(step, results):
            if not result.passed:
                yield Problem(
                    place, f"{_short(result)} fails, but must pass: {_first_lines(result)}"
                )
    for step in ready[number : number + 1]:
        for task in step.tasks:
            found = [result for result in results if result.task == task.id]
            introduces = any(course.introduces(file) is step for file in task.files)
            too_early = [result for result in found if result.passed]
            if too_early and (introduces or len(too_early) == len(found)):
                yield Problem(
                    place,
                    f"{_short(too_early[0])} passes before {task.id} is written: make it fail.",
                )
    for result in results if number == 0 else ():
        if not _is_plain(result.message):
            yield Problem(
                place, f"{_short(result)} must fail with one line, not {result.message!r}."
            )


def solution_passes(course: Course) -> Iterator[Problem]:
    """Yield the tests and the rules that the finished application does not pass."""
    from groundrules.rules import check_project

    solution = course.root / SOLUTION
    for result in run_suites(course, solution, course.ready_steps):
        if not result.passed:
            yield Problem(
                SOLUTION, f"{_short(result)} fails, but must pass: {_first_lines(result)}"
            )
    for finding in check_project(solution, honour_ignores=False).findings:
        yield Problem(
            f"{SOLUTION}/{finding.path}:{finding.line}", f"{finding.rule} {finding.message}"
        )


def _of(step: Step, results: Iterable[TestResult]) -> list[TestResult]:
    tasks = {task.id for task in step.tasks}
    return [result for result in results if result.task in tasks]


def _short(result: TestResult) -> str:
    return result.test.rpartition("::")[2]


def _is_plain(message: str) -> bool:
    return "\n" not in message.strip() and 0 < len(message) <= LONGEST_PLAIN_LINE


def _first_lines(result: TestResult) -> str:
    return " ".join(result.message.split())[:LONGEST_PLAIN_LINE]
