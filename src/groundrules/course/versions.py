"""Wrong and right versions of the application, which the suites are judged by.

`tests/wrong/*.toml` and `tests/right/*.toml` are each a change of the state after a step:

    state = 1                       # the step after which it is the trainee's code
    task = "01.4"                   # wrong ones: the task whose tests must fail
    demand = "health-ok"            # wrong ones: the one demand of the lesson that it breaks
    says = "must answer 200"        # wrong ones: what the message must say, so that the mistake is found
    never = "cannot be run again"   # wrong ones: what no message may say, if one might accuse falsely
    why = "…"                       # why somebody would write it
    python = "3.12"                 # if older ones cannot run it
    [files]
    "app/api/router.py" = '…'       # files that take the place of the state's
    [edits]
    "app/main.py" = [["old", "new"]]  # or what changes in one; each old text stands in it once

`removed = ["app/models/book.py"]` names files of the state that it does without.
"""

import hashlib
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from groundrules.course.progress import TestResult, run_suites
from groundrules.course.states import files_below, state_after, write_state
from groundrules.course.steps import Course, CourseError, Step

Kind = Literal["wrong", "right"]


@dataclass(frozen=True)
class Version:
    """One version; `path` is its file, relative to the course."""

    kind: Kind
    path: str
    state: int
    why: str = ""
    task: str = ""
    demand: str = ""
    says: str = ""
    never: str = ""
    python: str = "3.11"
    removed: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name without its ending, which begins with the number of its step."""
        return Path(self.path).stem

    @property
    def runs_here(self) -> bool:
        """Whether this Python is new enough for it."""
        return sys.version_info >= tuple(map(int, self.python.split(".")))

    def write(self, course: Course, folder: Path) -> None:
        """Write it into a folder; raise `CourseError` where it does not fit its state any more."""
        write_state(course, self.state, folder)
        for file in self.removed:
            (folder / file).unlink()
        for file, text in self.changed(course).items():
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def changed(self, course: Course) -> dict[str, str]:
        """Return the texts of what it changes; raise `CourseError` where it does not fit its state."""
        state = state_after(course, self.state)
        texts = {file: text.lstrip("\n") for file, text in self.files.items()}
        for file, edits in self.edits.items():
            try:
                text = state[file].read_text(encoding="utf-8")
            except (KeyError, OSError):
                raise CourseError(f"{self.path} changes {file}, which its state has not") from None
            for old, new in edits:
                if text.count(old) != 1:
                    raise CourseError(
                        f"{self.path} does not fit its state: {file} contains {text.count(old)} times: "
                        f"{old.strip()!r}"
                    )
                text = text.replace(old, new)
            texts[file] = text
        return texts

    def judge(self, course: Course, folder: Path) -> list[TestResult]:
        """Return how the tests of its task end, or of all its steps if it is right; one test at a time."""
        if self.kind == "right":
            return run_suites(course, folder, course.steps[: self.state], lanes=1)
        step, task = course.task(self.task)
        return run_suites(course, folder, [step], task=task, lanes=1)

    def problem(self, results: Sequence[TestResult]) -> str | None:
        """Return what is wrong with a verdict on this version; None if it is as it must be."""
        failed = [result for result in results if not result.passed]
        told = [(result, " ".join(result.message.split())) for result in failed]
        if self.kind == "right":
            return f"it is right, and is refused: {told[0][1]}" if told else None
        own = [(result, text) for result, text in told if result.task == self.task]
        if not own:
            return f"it passes task {self.task}: let a test of {self.demand} fail on it."
        if not any(self.demand in result.demands for result, _ in own):
            others = sorted({name for result, _ in own for name in result.demands})
            return f"it breaks {self.demand}, and fails only at {', '.join(others) or 'others'}."
        if not any(self.says in text for _, text in own):
            return f"no message says {self.says!r}, but: {own[0][1]}"
        if self.never and any(self.never in text for _, text in told):
            return f"a message says {self.never!r}."
        return None


def versions_of(course: Course, kind: Kind, step: Step | None = None) -> tuple[Version, ...]:
    """Return the versions of one kind, of one step or of all; raise `CourseError` if one is broken."""
    pattern = f"{step.number:02}-*.toml" if step is not None else "*.toml"
    paths = sorted((course.root / "tests" / kind).glob(pattern))
    return tuple(_read(course, kind, path) for path in paths)


def digest_of(course: Course, version: Version, folder: Path) -> str:
    """Return a digest of all that a verdict rests on: the code, the suites, and the tool."""
    tool = Path(__file__).resolve().parents[1]
    tools = [tool / name for name in ("testing", "worker", "rules", "postgres")]
    steps = course.steps[: version.state]
    if version.kind == "wrong":
        steps = (course.task(version.task)[0],)
    digest = hashlib.sha256(f"{version.task} {sys.version_info[:2]}".encode())
    for root in (folder, *(step.folder for step in steps), *tools):
        for path in files_below(root):
            if path.suffix not in (".md", ".json"):
                digest.update(f"{path.relative_to(root)} ".encode(errors="surrogateescape"))
                digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _read(course: Course, kind: Kind, path: Path) -> Version:
    name = path.relative_to(course.root).as_posix()
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Version(kind, name, **data)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise CourseError(f"{name} cannot be read as a version: {error}.") from None
