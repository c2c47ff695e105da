"""What `groundrules grade` does and prints."""

import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from groundrules import postgres
from groundrules.course.steps import Course, CourseError, Step, say
from groundrules.grade.explaining import comparison, explanation
from groundrules.grade.grades import OK, Grade
from groundrules.grade.outputs import FOLDER_MODE
from groundrules.grade.session import Session, Wanted
from groundrules.grade.submissions import Submission, find_submissions, left_out_of
from groundrules.locks import try_lock
from groundrules.terminal import harmless, paint
from groundrules.testing.start import must_be_without_network
from groundrules.worker.sandbox import NoSandbox, find_sandbox

NAMED = 5  # files that are named when they are left out


def run(wanted: Wanted, path: Path, only: list[str], explain: str | None = None) -> int:
    """Grade what was handed in, and return the exit status."""
    everybody = find_submissions(path)
    if left_out := left_out_of(path):
        more = f" and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
        named = ", ".join(map(harmless, left_out[:NAMED]))
        say(f"Left out, because they are not submissions: {named}{more}")
    chosen = _chosen(everybody, only)
    if wanted.again:
        again = _chosen(everybody, sorted(wanted.again))
        wanted = replace(wanted, again=frozenset(each.name for each in again))
    explained = _chosen(everybody, [explain]) if explain is not None else []
    if not wanted.sandbox:
        say("There is no sandbox: the code runs with all your rights.")
    if wanted.cluster is None:
        _get_ready(wanted)
    with _alone(wanted.out):
        if explained:
            return _explain(wanted, everybody, explained[0])
        return _grade_all(wanted, everybody, chosen)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Let nobody else write to the folder; raise `CourseError` if somebody does."""
    out.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with (out / ".lock").open("w", encoding="utf-8") as file:
        if not try_lock(file):
            raise CourseError(
                f"Another run writes to {out}: wait until it ends, or name another folder by --out."
            )
        yield


def _grade_all(wanted: Wanted, everybody: list[Submission], chosen: list[Submission]) -> int:
    lines = Lines(len(chosen))
    session = Session(wanted, everybody, chosen, lines.tell)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        session.run()
    except KeyboardInterrupt:
        kept = f"{len(session.done)} of {len(chosen)} graded, and kept in {wanted.out}"
        say(f"\nStopped: {kept}. To go on, add --resume.")
        return 130
    lines.summarize(wanted.out, session.seed)
    return 0 if all(each.status == OK for each in session.done.values()) else 1


def _get_ready(wanted: Wanted) -> None:
    """Find or start what is needed to judge on this machine; raise `CourseError` if it cannot be had."""
    if wanted.sandbox:
        try:
            find_sandbox()
            must_be_without_network()
        except NoSandbox as error:
            raise CourseError(
                f"{error} Or run their code without a sandbox, with all your rights: --trust"
            ) from None
    if any(step.number > 1 for step in wanted.steps):
        postgres.ensure(wanted.course.root, say=say)


def _explain(wanted: Wanted, everybody: list[Submission], one: Submission) -> int:
    """Tell how somebody's grade came about, and repeat it alone; return 1 if it does not come out again."""
    session = Session(
        replace(wanted, jobs=1, again=frozenset([one.name])), everybody, [one], lambda *_: None
    )
    before = session.known(one.name)
    if before is None:
        raise CourseError(f"{one.name} has no grade in {wanted.out}: grade first.")
    print("\n".join(explanation(before, session.seed)), flush=True)
    now = session.repeat(one)
    print()
    told = [*comparison(before, now)]
    print("\n".join(told))
    return 0 if len(told) == 1 and "the same" in told[0] else 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _chosen(everybody: list[Submission], names: list[str]) -> list[Submission]:
    """Return the submissions of these people, all by default; raise `CourseError` for a name nobody has."""
    known = {each.name.casefold(): each for each in everybody}
    for name in names:
        if name.casefold() not in known:
            close = get_close_matches(name.casefold(), known, 1)
            hint = f" Did you mean {known[close[0]].name}?" if close else ""
            raise CourseError(f"Nobody is called {name!r}.{hint}")
    return [known[name.casefold()] for name in names] or everybody


def steps_named(course: Course, typed: str) -> tuple[Step, ...]:
    """Return the steps of `01-05`, `3` or `1,3`; raise `CourseError` if there are none such."""
    if not typed:
        return course.ready_steps
    found: dict[int, Step] = {}
    for part in typed.split(","):
        match = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2}))?\s*", part)
        if match is None:
            raise CourseError(f"--steps takes 01-05, 03 or 01,03, and not {typed!r}.")
        first, last = int(match[1]), int(match[2] or match[1])
        for number in range(min(first, last), max(first, last) + 1):
            found[number] = course.step(number)
    unready = next((step for step in found.values() if not step.ready), None)
    if unready is not None:
        raise CourseError(f"Step {unready.number:02} is not ready to be graded.")
    return tuple(found[number] for number in sorted(found))


class Lines:
    """What the terminal shows: a line for each person, and how long it will take."""

    def __init__(self, number: int) -> None:
        self._width = len(str(number))
        self._began = time.monotonic()
        self._statuses: Counter[str] = Counter()

    def tell(self, grade: Grade, done: int, number: int) -> None:
        """Print a person's line."""
        self._statuses[grade.status] += 1
        if grade.status == OK:
            demands = sum(step.demands for step in grade.steps)
            told = f"{grade.total} of {demands} requirements"
        else:
            told = grade.why
        status = paint(f"{grade.status:<17}", "green" if grade.status == OK else "yellow")
        left = self._left(done, number)
        print(
            f"[{done:{self._width}}/{number}{left}] {grade.name:<28} {status} {told}"
            + (f"  {grade.seconds:.0f} s" if grade.seconds else ""),
            flush=True,
        )

    def _left(self, done: int, number: int) -> str:
        minutes = (time.monotonic() - self._began) / done * (number - done) / 60
        return f", {minutes:.0f} min left" if minutes >= 1 else ""

    def summarize(self, out: Path, seed: int) -> None:
        """Print how many have which status, and where to look."""
        counted = ", ".join(f"{number} {status}" for status, number in self._statuses.items())
        seconds = time.monotonic() - self._began
        took = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
        print(f"\n{counted}, in {took}. The seed was {seed}.")
        print(f"Look at {out / 'report.html'}; the points are in {out / 'gradebook.csv'}.")
