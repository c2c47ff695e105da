"""Who catches a mutant: the rules, a suite, or nobody."""

import hashlib
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from groundrules.course.kept import Kept
from groundrules.course.progress import run_suites
from groundrules.course.states import files_below, write_state
from groundrules.course.steps import Course, CourseError, Step
from groundrules.rules import check_project
from tests.mutants.mutate import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)
SOLUTION = ROOT / "solution"
UNASKED = ("app/core/logging.py", "app/create_librarian.py")  # given, and no suite is about them
EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Verdict:
    """How a mutant fared; `by` is a rule's code or a task's number, and empty if nobody caught it."""

    mutant: Mutant
    step: str
    by: str
    message: str = ""


def all_mutants() -> Iterator[Mutant]:
    """Yield the mutants of the finished application whose owner's suite is written."""
    for path in files_below(SOLUTION):
        name = path.relative_to(SOLUTION).as_posix()
        if path.suffix == ".py" and name not in UNASKED and owners(name):
            yield from mutants(name, path.read_text(encoding="utf-8"))


@cache
def owners(file: str) -> tuple[Step, ...]:
    """Return the steps that list a file or, if none does, the one that gives it to the trainee.

    A migration belongs to the step of the migrations, whatever its name.
    """
    ready = COURSE.ready_steps
    if file.startswith("migrations/"):
        return tuple(step for step in ready if step.id == "migrations")
    listing = tuple(step for step in ready if file in step.files)
    return listing or tuple(step for step in ready if (step.starter / file).is_file())


def known_or_judged(mutant: Mutant, kept: Kept) -> Verdict:
    """Return the verdict on a mutant, from what is kept if nothing that it rests on has changed."""
    name, digest = f"{mutant}", f"{mutant.text} {_rests_on()}"
    digest = hashlib.sha256(digest.encode()).hexdigest()[:32]
    found = kept.get(name, digest)
    if found is not None:
        return Verdict(mutant, *found)
    verdict = judge(mutant)
    kept.put(name, digest, [verdict.step, verdict.by, verdict.message])
    return verdict


@cache
def _rests_on() -> str:
    """Return a digest of the application, the suites and the tool."""
    digest = hashlib.sha256()
    for folder in ("solution", "steps", "src"):
        for path in files_below(ROOT / folder):
            if path.suffix != ".md":
                digest.update(path.read_bytes())
    return digest.hexdigest()


def judge(mutant: Mutant) -> Verdict:
    """Hold a mutant to the rules, to its owners' suites, and to those of the steps that build on them."""
    own = owners(mutant.path)
    later = [step for step in COURSE.ready_steps if step.number > own[0].number and step not in own]
    with tempfile.TemporaryDirectory() as folder:
        application = write_state(COURSE, len(COURSE.ready_steps), Path(folder))
        (application / mutant.path).write_text(mutant.text, encoding="utf-8")
        for finding in check_project(application).findings:
            return Verdict(mutant, own[0].name, finding.rule, finding.message)
        for steps in (own, later):
            if failed := _failed(application, steps):
                return Verdict(mutant, own[0].name, *failed)
    return Verdict(mutant, own[0].name, "")


def _failed(application: Path, steps: Sequence[Step]) -> tuple[str, str] | None:
    """Return the task of the first test of these steps that fails, and what it says, if one does."""
    try:
        results = (
            run_suites(COURSE, application, steps, first_failure=True, lanes=1) if steps else []
        )
    except CourseError as error:
        return "broke off", str(error)
    return next(((each.task, each.message) for each in results if not each.passed), None)


@cache
def equivalent() -> dict[tuple[str, str, str], str]:
    """Return why some mutants are as right as the original, by their keys."""
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["because"]
    return {
        (each["file"], before, after): each["why"]
        for each in listed
        for before, after in each["changes"]
    }
