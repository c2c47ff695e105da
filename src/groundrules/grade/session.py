"""Grading a whole class: several at a time, each written down as soon as it is known."""

import json
import platform
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from groundrules.course.steps import Course, Step
from groundrules.grade import grades
from groundrules.grade.alike import Prints, pairs_alike, prints_of, prints_of_course
from groundrules.grade.applications import NotFound
from groundrules.grade.cluster import ClusterJudge
from groundrules.grade.copies import NothingHandedIn, copy_application
from groundrules.grade.digests import digest_of_course
from groundrules.grade.grades import Grade
from groundrules.grade.isolation import is_begun, write_isolated
from groundrules.grade.judge import Judge, Outcome, Settings
from groundrules.grade.leftovers import delete_leftovers, temporary_folder
from groundrules.grade.outputs import Run, write
from groundrules.grade.reader import Broken
from groundrules.grade.results import read_results
from groundrules.grade.submissions import Submission
from groundrules.grade.written import Written

OWN = ".grading.json"  # what the next run must know, and nobody else before the end
Told = Callable[[Grade, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What is to be graded, and how.

    :param out: the folder for what comes out.
    :param resume: whether a grade of the same files, suites and Python is kept.
    :param again: names that are graded anew all the same.
    :param jobs: how many are judged at a time.
    :param cluster: the address of the scheduler whose workers judge; None to judge here.
    """

    course: Course
    steps: tuple[Step, ...]
    out: Path
    jobs: int
    timeout: float
    sandbox: bool
    resume: bool = False
    again: frozenset[str] = frozenset()
    seed: int | None = None
    deadline: datetime | None = None
    isolate: bool = False
    cluster: str | None = None


@dataclass
class Session:
    """One grading run.

    :param everybody: all that was handed in.
    :param submissions: those to grade.
    :param told: called with each grade, with how many are known by then, and with how many there will be.
    """

    wanted: Wanted
    everybody: Sequence[Submission]
    submissions: Sequence[Submission]
    told: Told
    done: dict[str, Grade] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._written = Written(self.wanted.out)
        self._prints: dict[str, Prints] = {}
        self._before = {grade.name: grade for grade in read_results(self.results_file)}
        self.course = digest_of_course(self.wanted.steps)
        self.seed = self._seed()
        self._judge, self._jobs = self._new_judge()

    def _new_judge(self) -> tuple[Judge | ClusterJudge, int]:
        """Return what judges, and how many submissions it judges at a time."""
        settings = Settings(
            self.wanted.course,
            self.wanted.steps,
            self.wanted.sandbox,
            self.seed,
            2 if self.wanted.jobs > 1 else 3,
            self.wanted.timeout,
        )
        if self.wanted.cluster is None:
            return Judge(settings), self.wanted.jobs
        judge = ClusterJudge(settings, self.wanted.cluster, self.course)
        return judge, 2 * judge.size  # so that no worker waits for the next one to be copied

    @property
    def results_file(self) -> Path:
        """The file of the results."""
        return self.wanted.out / "results.json"

    def run(self) -> None:
        """Grade everybody; on `KeyboardInterrupt` end what runs, keep what is known, and raise it again."""
        delete_leftovers()
        pool = ThreadPoolExecutor(self._jobs)
        running = {pool.submit(self._grade, each) for each in self.submissions}
        try:
            while running:
                ended, running = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in ended:
                    self._keep(future.result())
            self._write(complete=True)
        finally:
            for future in running:
                future.cancel()
            self._judge.stop()
            pool.shutdown(wait=True, cancel_futures=True)

    def repeat(self, submission: Submission) -> Grade:
        """Grade one person by themselves, and write nothing down."""
        try:
            return self._grade(submission)
        finally:
            self._judge.stop()

    def known(self, name: str) -> Grade | None:
        """Return the grade that somebody has by now."""
        return self._before.get(name)

    def _keep(self, grade: Grade) -> None:
        self.done[grade.name] = grade
        self._write(complete=False)
        self.told(grade, len(self.done), len(self.submissions))

    def _write(self, *, complete: bool) -> None:
        known = {**self._before, **self.done}  # a run that is stopped loses no earlier grade
        found = tuple(known[each.name] for each in self.everybody if each.name in known)
        prints = prints_of_course(self.wanted.course) if complete else frozenset()
        self._written.write(
            Run(
                self.wanted.steps,
                found,
                self.seed if complete else None,
                "bubblewrap" if self.wanted.sandbox else "none",
                self.course,
                platform.python_version(),
                complete,
                {name: grade.total for name, grade in self._before.items()},
                pairs_alike(self._prints, prints) if complete else (),
            )
        )

    def _grade(self, submission: Submission) -> Grade:
        began = time.monotonic()
        place = temporary_folder()
        empty = Grade(submission.name, grades.OK, course=self.course, sandbox=self.wanted.sandbox)
        try:
            return self._judged(submission, place, empty)
        except NothingHandedIn:
            return replace(empty, status=grades.NOTHING)
        except NotFound as error:
            return replace(empty, status=grades.NO_APPLICATION, why=str(error))
        except Broken as error:
            return replace(empty, status=grades.BROKEN, why=str(error))
        except OSError as error:
            why = f"The submission cannot be copied ({(error.strerror or str(error)).lower()})."
            seconds = time.monotonic() - began
            return replace(empty, status=grades.TROUBLE, why=why, seconds=seconds)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _judged(self, submission: Submission, place: Path, empty: Grade) -> Grade:
        found = copy_application(submission.source, place / "copy", self.wanted.deadline)
        known = replace(
            empty, digest=found.digest, commit=found.commit, late=self._late(found.newest)
        )
        self._prints[submission.name] = prints_of(found.folder)
        before = self._before.get(submission.name)
        if self._is_known(before, known):
            assert before is not None
            return replace(before, late=known.late)
        outcome = self._judge.judge(found.folder)
        if outcome.status == grades.TROUBLE:
            outcome = self._judge.judge(found.folder)
        grade = _graded(known, outcome, self.wanted.steps, self._hidden(found.folder))
        return self._isolated(grade, found.folder, place) if self.wanted.isolate else grade

    def _isolated(self, grade: Grade, application: Path, place: Path) -> Grade:
        """Judge each step that is begun and fails once more, by itself, and take what is better."""
        by_name = {step.name: step for step in self.wanted.steps}
        found, seconds = [], grade.seconds
        for graded in grade.steps:
            step = by_name[graded.step]
            if graded.tasks_met == len(graded.tasks) or not is_begun(
                self.wanted.course, application, step
            ):
                found.append(graded)
                continue
            folder = write_isolated(self.wanted.course, application, step, place / step.name)
            outcome = self._judge.judge(folder, (step,))
            seconds += outcome.seconds
            alone = _graded(grade, outcome, (step,), self._hidden(folder)).steps
            better = [
                each
                for each in alone
                if (each.met, each.tasks_met) > (graded.met, graded.tasks_met)
            ]
            found += [replace(each, isolated=True) for each in better] or [graded]
        return replace(grade, steps=tuple(found), seconds=round(seconds, 1))

    def _hidden(self, folder: Path) -> tuple[str, ...]:
        """Return the paths of this machine that are nobody else's business."""
        return (f"{folder}/", f"{self.wanted.course.root}/", f"{Path.home()}/")

    def _is_known(self, before: Grade | None, now: Grade) -> bool:
        return (
            self.wanted.resume
            and before is not None
            and before.status == grades.OK
            and before.name not in self.wanted.again
            and (before.digest, before.course, before.sandbox)
            == (now.digest, now.course, now.sandbox)
        )

    def _late(self, newest: float | None) -> str | None:
        deadline = self.wanted.deadline
        if deadline is None or newest is None or newest <= deadline.timestamp():
            return None
        return datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds")

    def _seed(self) -> int:
        """Return the seed of this run: the one that was given, that of a run that goes on, or a new one."""
        file = self.wanted.out / OWN
        if self.wanted.seed is None and (self.wanted.resume or self.wanted.again):
            try:
                return int(json.loads(file.read_text(encoding="utf-8"))["seed"])
            except (OSError, ValueError, KeyError, TypeError):
                pass
        seed = secrets.randbelow(1_000_000) if self.wanted.seed is None else self.wanted.seed
        write(file, json.dumps({"seed": seed}))
        file.chmod(0o600)
        return seed


def _graded(
    known: Grade, outcome: Outcome, steps: tuple[Step, ...], hidden: tuple[str, ...]
) -> Grade:
    found = (
        grades.steps_of(outcome.verdict, steps, hidden)
        if outcome.status == grades.OK and outcome.verdict is not None
        else ()
    )
    seconds = round(outcome.seconds, 1)
    return replace(known, status=outcome.status, seconds=seconds, why=outcome.why, steps=found)
