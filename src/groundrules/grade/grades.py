"""What a verdict is worth: the demands that are met and the tasks that are done, step by step."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from groundrules.course.demands import demands_of
from groundrules.course.steps import Step
from groundrules.course.suite import suite_of

OK = "ok"
NOTHING = "nothing handed in"
NO_APPLICATION = "no app found"
TIMED_OUT = "timed out"
BROKEN = "broken"
TROUBLE = "trouble"
STATUSES = (OK, NOTHING, NO_APPLICATION, TIMED_OUT, BROKEN, TROUBLE)
MESSAGE_LIMIT = 4000  # characters
OWN_FOLDERS = re.compile(r"/tmp/groundrules-[^\s'\"/]*/")


@dataclass(frozen=True)
class TaskGrade:
    """How one task stands.

    :param state: `met`, `not met`, or `not begun` while its files are stubs or an earlier step is missing.
    :param message: the first finding, as the trainee would see it; empty if the task is met.
    :param place: the line that it is about, as in `app/main.py:5`, if there is one.
    :param unmet: the names of the demands that are not met.
    :param rules: the codes of the rules that are broken.
    """

    task: str
    title: str
    state: str
    message: str = ""
    place: str | None = None
    unmet: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepGrade:
    """How one step stands: `met` of its `demands` are met.

    :param isolated: whether it was judged over the finished files of the other steps.
    """

    step: str
    met: int
    demands: int
    tasks: tuple[TaskGrade, ...]
    isolated: bool = False

    @property
    def tasks_met(self) -> int:
        """How many tasks are met."""
        return sum(task.state == "met" for task in self.tasks)


@dataclass(frozen=True)
class Grade:
    """How one person's submission was judged; without a verdict there are no steps.

    :param digest: of the files that were judged.
    :param course: the digest of the suites and the tool that judged them.
    :param late: when it was handed in, if that was after the deadline.
    :param commit: the commit that was judged, if it is a repository.
    """

    name: str
    status: str
    seconds: float = 0.0
    why: str = ""
    digest: str = ""
    course: str = ""
    steps: tuple[StepGrade, ...] = ()
    late: str | None = None
    commit: str | None = None
    sandbox: bool = True

    @property
    def total(self) -> int | None:
        """How many demands are met; None without a verdict."""
        return sum(step.met for step in self.steps) if self.status == OK else None

    @property
    def tasks_met(self) -> int:
        """How many tasks are met."""
        return sum(step.tasks_met for step in self.steps)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "total": self.total}


def grade_from(data: Mapping[str, Any]) -> Grade:
    """Return the grade that `Grade.as_data` gave; raises `KeyError` or `TypeError` for anything else."""
    steps = tuple(
        StepGrade(
            **{
                **step,
                "tasks": tuple(
                    TaskGrade(
                        **{**task, "unmet": tuple(task["unmet"]), "rules": tuple(task["rules"])}
                    )
                    for task in step["tasks"]
                ),
            }
        )
        for step in data["steps"]
    )
    own = {name: value for name, value in data.items() if name != "total"}
    return Grade(**{**own, "steps": steps})


def steps_of(
    verdict: Mapping[str, Any], steps: Iterable[Step], hidden: tuple[str, ...] = ()
) -> tuple[StepGrade, ...]:
    """Return how each step stands by a complete verdict.

    :param hidden: beginnings of paths that no message may tell.
    """
    plain = {**verdict, "tests": [_without(test, hidden) for test in verdict["tests"]]}
    return tuple(_step_of(plain, step) for step in steps)


def _without(test: Mapping[str, Any], hidden: tuple[str, ...]) -> dict[str, Any]:
    message = test["message"][:MESSAGE_LIMIT]
    for beginning in hidden:
        message = message.replace(beginning, "")
    return {**test, "message": OWN_FOLDERS.sub("", message)}


def _step_of(verdict: Mapping[str, Any], step: Step) -> StepGrade:
    ids = {task.id for task in step.tasks}
    tests = [test for test in verdict["tests"] if test["task"] in ids]
    broken = {name for test in tests if not test["passed"] for name in test["demands"]}
    held = {name for test in tests if test["passed"] for name in test["demands"]}
    testable = {name for test in suite_of(step) for name in test.demands}
    demands = [each for each in demands_of(step) if each.name in testable]
    unmet = {
        each.name: each.scope for each in demands if each.name in broken or each.name not in held
    }
    tasks = tuple(_task_of(verdict, step, task.id, task.title, tests, unmet) for task in step.tasks)
    return StepGrade(step.name, len(demands) - len(unmet), len(demands), tasks)


def _task_of(
    verdict: Mapping[str, Any],
    step: Step,
    task: str,
    title: str,
    tests: list[dict[str, Any]],
    unmet: Mapping[str, str],
) -> TaskGrade:
    own = [test for test in tests if test["task"] == task]
    failed = [test for test in own if not test["passed"]]
    told = next((each for each in verdict["tasks"] if each["task"] == task), None)
    waits = told is not None and (told["untouched"] or told["after"] is not None)
    state = "met" if own and not failed else "not begun" if waits else "not met"
    first = next((test for test in failed if test["about"] == task), failed[0] if failed else None)
    broken = {name for test in failed for name in test["demands"]}
    mine = tuple(
        name
        for name, scope in unmet.items()
        if scope == task or (len(scope) == 2 and name in broken)
    )
    rules = {
        test["test"].rpartition("[")[2].rstrip("]") for test in failed if "[GR" in test["test"]
    }
    return TaskGrade(
        task,
        title,
        state,
        first["message"] if first else "",
        told["place"] if told is not None and failed else None,
        mine,
        () if waits else tuple(sorted(rules)),
    )
