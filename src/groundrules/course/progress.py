"""Where a trainee stands, derived by running the suites.

A verdict is kept in `.groundrules/progress.json` by the step's id, with a digest of all that it rests on:
the suite, the code that was checked, and the tool. It saves a run where nothing has changed since.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundrules.course.states import files_below
from groundrules.course.steps import Course, CourseError, Step, Task

Say = Callable[[str], None]


@dataclass(frozen=True)
class TestResult:
    """How one test of a suite ended; `message` says what is wrong, and is empty if it passed.

    `about` is the task in which the mistake is, which may be another than the test's own. `demands` are the
    names of those that the test holds or, if it failed, that are broken.
    """

    __test__ = False

    test: str
    task: str
    about: str
    passed: bool
    message: str
    demands: Sequence[str] = ()


@dataclass(frozen=True)
class Standing:
    """Where a trainee stands in one step.

    :param results: of every test of the step; empty while nothing is written.
    :param known: whether the results are those of the code as it is now.
    """

    step: Step
    results: tuple[TestResult, ...]
    known: bool = True

    @property
    def done(self) -> bool:
        """Whether every test passes."""
        return bool(self.results) and all(result.passed for result in self.results)

    @property
    def tasks_done(self) -> tuple[Task, ...]:
        """The tasks of which every test passes."""
        return tuple(task for task in self.step.tasks if self._is_done(task))

    @property
    def next_task(self) -> Task | None:
        """The task with the first mistake, or else the first that is not done; None if all are."""
        undone = next((task for task in self.step.tasks if not self._is_done(task)), None)
        wrong = self._first_failed(undone) if undone is not None else None
        if wrong is None:
            return undone
        return next((task for task in self.step.tasks if task.id == wrong.about), undone)

    def message_for(self, task: Task) -> str:
        """Return what the first failing test of a task, or about it, says; empty if there is none."""
        wrong = self._first_failed(task)
        return wrong.message if wrong is not None else ""

    def _first_failed(self, task: Task) -> TestResult | None:
        about = [each for each in self.results if each.about == task.id and not each.passed]
        own = [each for each in self._of(task) if not each.passed]
        return next(iter(own or about), None)

    def _is_done(self, task: Task) -> bool:
        results = self._of(task)
        return bool(results) and all(result.passed for result in results)

    def _of(self, task: Task) -> list[TestResult]:
        return [result for result in self.results if result.task == task.id]


def known_standings(course: Course, application: Path) -> list[Standing]:
    """Return where the writer of `application` stands, as far as that is known without a check."""
    kept = _Known(course, application)
    found = []
    for step in course.ready_steps:
        if is_untouched(course, step, application):
            found.append(Standing(step, ()))
        else:
            results = kept.get(step)
            found.append(Standing(step, results or (), known=results is not None))
    return found


def standings(
    course: Course, application: Path, say: Say, steps: Sequence[Step] | None = None
) -> list[Standing]:
    """Return where the writer of `application` stands in each step that is ready.

    Runs the suites of `steps`, all by default, whose verdict is not known yet; raises `CourseError` if that
    fails.
    """
    found = known_standings(course, application)
    wanted = course.ready_steps if steps is None else steps
    missing = [each.step for each in found if not each.known and each.step in wanted]
    if not missing:
        return found
    say(f"Checking {_names(missing)} …")
    keep(course, application, missing, run_suites(course, application, missing))
    return known_standings(course, application)


def keep(
    course: Course, application: Path, steps: Sequence[Step], results: Sequence[TestResult]
) -> None:
    """Keep how all tests of `steps` ended with the application as it is now."""
    _Known(course, application).put(steps, results)


def keep_as_done(course: Course, application: Path, steps: Sequence[Step]) -> None:
    """Keep that the application, which is the course's own as it is now, passes all tests of `steps`."""
    tasks = [task.id for step in steps for task in step.tasks]
    keep(course, application, steps, [TestResult(task, task, task, True, "") for task in tasks])


def run_suites(
    course: Course,
    application: Path,
    steps: Sequence[Step],
    *,
    task: Task | None = None,
    first_failure: bool = False,
    lanes: int | None = None,
) -> list[TestResult]:
    """Run the suites of `steps` on an application and return how each test ended.

    With `task` only the files run that hold tests of that task, which may hold others, too.
    With `first_failure` the run ends at the first test that fails. `lanes` is how many tests run at a
    time, as many as there are cores and one more if it is None. Raises `CourseError` if the run
    itself breaks.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        run = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *(str(path) for step in steps for path in _tests_of(step, task)),
                *(f"--app={application}", f"--groundrules-report={report}"),
                *(["--exitfirst"] if first_failure else ()),
                *([f"--groundrules-lanes={lanes}"] if lanes is not None else ()),
            ],
            cwd=course.root,
            env={key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        try:
            found = json.loads(report.read_text(encoding="utf-8"))
            troubles = [each.pop("trouble") for each in found["tests"]]
            if any(troubles):
                raise CourseError(
                    f"The check of {_names(steps)} has no result: {found['why']} Try again."
                )
            if found["tests"]:
                return [TestResult(**each) for each in found["tests"]]
            raise ValueError(found["why"])
        except (OSError, ValueError, KeyError, TypeError):
            told = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
            last = told[-1].strip() if told else "it printed nothing"
            raise CourseError(
                f"The check of {_names(steps)} failed ({last}): run pytest "
                f"steps/{steps[0].number:02} to see why."
            ) from None


def _tests_of(step: Step, task: Task | None) -> list[Path]:
    if task is None:
        return [step.folder]
    mark = f'@task("{task.id}"'
    tests = sorted(step.folder.glob("test_*.py"))
    return [path for path in tests if mark in path.read_text(encoding="utf-8")] or [step.folder]


def _names(steps: Sequence[Step]) -> str:
    numbers = [f"{step.number:02}" for step in steps]
    if len(numbers) == 1:
        return f"step {numbers[0]}"
    return f"steps {', '.join(numbers[:-1])} and {numbers[-1]}"


def is_untouched(course: Course, step: Step, application: Path) -> bool:
    """Whether every file that a step introduces is still the stub that it was."""
    introduced = [file for file in step.files if course.introduces(file) is step]
    return all(step.untouched(application, file) for file in introduced)


class _Known:
    """The verdicts kept in a file; what cannot be read or written is simply not known."""

    def __init__(self, course: Course, application: Path) -> None:
        self._file = course.root / ".groundrules" / "progress.json"
        tool = Path(__file__).resolve().parents[1]
        self._code = _digest([*_sources(tool), *_sources(application)])
        self._suites = {step.id: _digest(_sources(step.folder)) for step in course.ready_steps}
        self._kept = self._read()

    def get(self, step: Step) -> tuple[TestResult, ...] | None:
        try:
            kept = self._kept[step.id]
            if kept["digest"] == self._digest_of(step):
                return tuple(TestResult(**each) for each in kept["tests"])
        except (KeyError, TypeError):
            pass
        return None

    def put(self, steps: Iterable[Step], results: Iterable[TestResult]) -> None:
        found = list(results)
        for step in (step for step in steps if step.id in self._suites):
            ids = {task.id for task in step.tasks}
            tests = [vars(result) for result in found if result.task in ids]
            self._kept[step.id] = {"digest": self._digest_of(step), "tests": tests}
        try:
            self._file.parent.mkdir(exist_ok=True)
            fresh = self._file.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(self._kept), encoding="utf-8")
            fresh.replace(self._file)
        except OSError:
            pass  # it only costs the next command a run

    def _digest_of(self, step: Step) -> str:
        return f"{self._suites[step.id]}-{self._code}"

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}


def _sources(folder: Path) -> list[Path]:
    return [
        path for path in files_below(folder) if path.suffix in (".py", ".toml", ".ini", ".mako")
    ]


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path} {len(content)}\n".encode(errors="surrogateescape"))
        digest.update(content)
    return digest.hexdigest()[:32]
