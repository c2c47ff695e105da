"""The command `groundrules grade`."""

import re
import signal
import time
from collections import Counter
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundrules.course.steps import Course, CourseError, Step
from groundrules.grade.grades import OK
from groundrules.terminal import paint, plain_errors

if TYPE_CHECKING:
    from groundrules.grade.grades import Grade
    from groundrules.grade.session import Wanted
    from groundrules.grade.submissions import Submission


def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            help="A folder with a folder, archive or repository for each person, or a CSV file of names and "
            "paths."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder for the gradebook, report and feedback.")],
    steps: Annotated[
        str, typer.Option(help="The steps to grade, such as 01-05 or 03; by default, all.")
    ] = "",
    jobs: Annotated[
        int | None,
        typer.Option(help="How many to judge at a time; by default, one for each core.", min=1),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="The seconds after which a submission is given up.", min=1)
    ] = 600,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Keep the grades of submissions that have not changed."),
    ] = False,
    again: Annotated[
        list[str] | None,
        typer.Option(help="Keep all other grades, and grade this person again.", metavar="NAME"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Grade this person only; others keep their grades.", metavar="NAME"),
    ] = None,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Judge a step that fails once more, with the other steps as the course has them.",
        ),
    ] = False,
    deadline: Annotated[
        datetime | None,
        typer.Option(
            help="Judge the last commit before it, and mark files that are newer as late.",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Use the values of the run that had this seed.")
    ] = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Run the code without a sandbox, with all your rights."),
    ] = False,
) -> None:
    """Grade a folder of submissions, each in a sandbox.

    Every person gets a row in gradebook.csv, feedback of their own and a place in report.html. Nothing
    leaves this machine.

    Exits with 0 if everybody has a verdict, with 1 if somebody has none, and with 2 if it could not grade.
    """
    from groundrules.course.steps import find_course
    from groundrules.grade.session import Wanted, cores

    with plain_errors():
        course = find_course()
        wanted = Wanted(
            course=course,
            steps=_steps(course, steps),
            out=out,
            jobs=jobs or cores(),
            timeout=timeout,
            sandbox=not trust,
            resume=resume or bool(again) or bool(only),
            again=frozenset(again or ()),
            seed=seed,
            deadline=None if deadline is None else deadline.astimezone(),
            isolate=isolate,
        )
        status = _run(wanted, submissions, only or [])
    raise typer.Exit(status)


def _run(wanted: "Wanted", path: Path, only: list[str]) -> int:
    from groundrules import postgres
    from groundrules.course.steps import say
    from groundrules.grade.session import Session
    from groundrules.grade.submissions import find_submissions
    from groundrules.testing.start import must_be_without_network
    from groundrules.worker.sandbox import NoSandbox, find_sandbox

    everybody = find_submissions(path)
    chosen = _chosen(everybody, only)
    _chosen(everybody, sorted(wanted.again))
    if wanted.sandbox:
        try:
            find_sandbox()
            must_be_without_network()
        except NoSandbox as error:
            raise CourseError(
                f"{error} Or run their code without a sandbox, with all your rights: --trust"
            ) from None
    else:
        say("There is no sandbox: the code runs with all your rights.")
    if any(step.number > 1 for step in wanted.steps):
        postgres.ensure(wanted.course.root, say=say)
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


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _chosen(everybody: "list[Submission]", names: list[str]) -> "list[Submission]":
    """Return the submissions of these people, all by default; raise `CourseError` for a name nobody has."""
    known = {each.name.casefold(): each for each in everybody}
    for name in names:
        if name.casefold() not in known:
            close = get_close_matches(name.casefold(), known, 1)
            hint = f" Did you mean {known[close[0]].name}?" if close else ""
            raise CourseError(f"Nobody is called {name!r}.{hint}")
    return [known[name.casefold()] for name in names] or everybody


def _steps(course: Course, typed: str) -> tuple[Step, ...]:
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

    def tell(self, grade: "Grade", done: int, number: int) -> None:
        """Print a person's line."""
        self._statuses[grade.status] += 1
        if grade.status == OK:
            demands = sum(step.demands for step in grade.steps)
            told = f"{grade.total} of {demands} demands"
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
        print(f"\n{counted}, in {seconds / 60:.1f} minutes. The seed was {seed}.")
        print(f"Look at {out / 'report.html'}; the points are in {out / 'gradebook.csv'}.")
