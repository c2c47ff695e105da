"""What is known of the step at hand, and of the check that is under way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from groundrules.course.lesson import place_of
from groundrules.course.steps import Step, Task


@dataclass(frozen=True)
class Stand:
    """How the tests of one task ended the last time; none of them if it is not known."""

    passed: int = 0
    tests: int = 0
    untouched: bool = False

    @property
    def done(self) -> bool:
        """Whether every test passed."""
        return self.passed == self.tests > 0

    def __str__(self) -> str:
        if not self.tests:
            return "…"
        if self.done:
            return "done"
        return "to do" if self.untouched else f"{self.passed} of {self.tests}"


@dataclass
class State:
    """What the screen shows.

    :ivar task: the task at hand, which a save has checked.
    :ivar stands: how each task of the step stands, by its id.
    :ivar finding: the lines of the one finding, if the task at hand is not right.
    :ivar note: one line about what has just happened.
    :ivar doing: what is under way, as in `checking 05.3`; empty if nothing is.
    :ivar title: of the text that was asked for and stands in the place of the finding, with its `text`.
    :ivar top: the first line of that text that is shown.
    :ivar shown: returns a text with its paths as they are found from where the session was started.
    :ivar typed: what was typed so far of a task or step to go to; None while nothing is asked.
    """

    step: Step
    task: Task
    stands: dict[str, Stand] = field(default_factory=dict)
    finding: list[str] = field(default_factory=list)
    note: str = ""
    doing: str = ""
    title: str = ""
    text: list[str] = field(default_factory=list)
    top: int = 0
    typed: str | None = None
    shown: Callable[[str], str] = str

    def stand(self, task: Task) -> Stand:
        """Return how a task stands."""
        return self.stands.get(task.id, Stand())

    def show(self, title: str, text: str) -> None:
        """Show a text in the place of the finding."""
        self.title, self.text, self.top = title, text.splitlines(), 0

    def show_finding(self) -> None:
        """Show the finding again."""
        self.title, self.text, self.top, self.typed = "", [], 0, None

    def learn(self, report: Mapping[str, Any]) -> None:
        """Take over how the tasks of a report stand, and its first finding."""
        for each in report["tasks"]:
            untouched = each["untouched"] or each["after"] is not None
            self.stands[each["task"]] = Stand(each["passed"], each["tests"], untouched)
        first = report["first"]
        self.finding = []
        begun = {each["task"] for each in report["tasks"] if not each["untouched"]}
        if first is not None and first["task"] == self.task.id and self.task.id not in begun:
            place = self.shown(place_of(self.step, self.task))
            self.finding = [f"Write {', '.join(self.task.files)}", f"Read  {place}"]
        elif first is not None:
            self.finding = [self.shown(line) for line in _lines(first["message"], self.task)]

    @property
    def step_is_done(self) -> bool:
        """Whether every task of the step is done."""
        return all(self.stand(task).done for task in self.step.tasks)

    def next_task(self, report: Mapping[str, Any]) -> Task:
        """Return the task that a report of the whole step leads to."""
        first = report["first"]
        if first is not None:
            for task in self.step.tasks:
                if task.id == first["task"]:
                    return task
        undone = [task for task in self.step.tasks if not self.stand(task).done]
        return undone[0] if undone else self.step.tasks[-1]


def _lines(message: str, task: Task) -> list[str]:
    """Return the lines of a finding without what stands on the screen anyway."""
    heading = f"{task.id} {task.title}"
    if "\n" not in message:
        return [message.removeprefix(f"{heading}: ")]
    first, *lines = message.splitlines()
    on_keys = ("    Read  steps/", "    Hint  groundrules")
    kept = [line for line in lines if not line.startswith(on_keys)]
    shown = kept if first == heading else [f"In {first}:", *kept]
    return [line.removeprefix("    ") for line in shown]
