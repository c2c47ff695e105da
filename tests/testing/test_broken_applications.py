"""Step 01 on applications that are broken in one place each: what the trainee is told, and how soon."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.testing.conftest import ROOT, Clone, Run

CONFIG, HEALTH, PROJECT = "app/core/config.py", "app/api/health.py", "pyproject.toml"
MAIN, ROUTER = "app/main.py", "app/api/router.py"
MOST_LINES, MOST_COLUMNS = 12, 80
A_HANG = 60  # seconds; an endless loop is given up after ten, on a machine that is not busy
OK = 'return {"status": "ok"}'
UNTYPED = "\n\ndef one(a): ...\n\n\ndef two(a): ...\n\n\ndef three(a): ...\n"


@dataclass(frozen=True)
class Break:
    """One way to break the application.

    :param file: where `old` becomes `new`; without `old`, `new` is put at its end.
    :param told: what the run must say.
    :param once: how many things may be told to be wrong.
    """

    file: str
    new: str
    told: tuple[str, ...]
    old: str = ""
    once: int = 1

    def apply(self, clone: Clone) -> None:
        text = clone.file(self.file).read_text(encoding="utf-8")
        assert self.old in text
        clone.write(self.file, text.replace(self.old, self.new) if self.old else text + self.new)


EVERYDAY = {
    "a syntax error": Break(
        HEALTH,
        "async de f",
        (
            "app/api/health.py:9  SyntaxError: invalid syntax",
            "01.4 The health route\n",
            "Also  it fails 01.3 (7 tests) and 01.5 (5 tests)",
        ),
        old="async def",
    ),
    "a handler that raises": Break(
        HEALTH,
        'return {"status": [][3]}',
        (
            "GET /api/v1/health must return 200.",
            "There IndexError: list index out of range",
            'app/api/health.py:11 │ return {"status": [][3]}',
            "Next: 01.4 at app/api/health.py:11",
        ),
        old=OK,
    ),
    "a function that returns nothing": Break(
        CONFIG,
        "    Settings()",
        ("    get_settings() must return a Settings; it returned None.",),
        old="    return Settings()",
    ),
    "a route with its prefix twice": Break(
        ROUTER,
        'APIRouter(prefix="/api/v1")',
        ("GET /api/v1/health must return 200.", "    It has: GET /api/v1/api/v1/health\n"),
        old="APIRouter()",
    ),
    "a function that makes no application": Break(
        MAIN,
        "",
        ("    create_app() returned None: is `return` missing?", "Also  it fails 01.4 (5 tests)"),
        old="    return application\n",
        once=2,
    ),
    "a handler that returns a coroutine": Break(
        HEALTH,
        "return other()\n\n\nasync def other() -> None: ...",
        (
            "There `read_health` returned a coroutine (is `await` missing?); it must",
            "          return dict[str, str].\n",
            "    app/api/health.py:9 │ async def read_health() -> dict[str, str]:",
            "    Print RuntimeWarning: coroutine 'other' was never awaited\n    Read",
        ),
        old=OK,
    ),
    "a rule broken in three places": Break(
        HEALTH,
        UNTYPED,
        ("GR201 type-hints  app/api/health.py:14", "Also  app/api/health.py:17 and app/api/he"),
    ),
}
SLOW = {
    "a module that is missing": Break(
        HEALTH,
        "import nosuchmodule\n",
        (
            "app/api/health.py:12  ModuleNotFoundError: No module named 'nosuchmodule'",
            "app/main.py:5 │ from app.api.router import api_router",
        ),
    ),
    "os._exit at import": Break(
        CONFIG, "import os; os._exit(0)\n", ("ended the whole process with exit status 0",), once=3
    ),
    "sys.exit at import": Break(
        CONFIG,
        "import sys; sys.exit()\n",
        ("app/core/config.py:19  SystemExit: this line ends the program; remove it.",),
    ),
    "an exception at import": Break(
        HEALTH, '{}["nothing"]\n', ("app/api/health.py:12  KeyError: 'nothing'",)
    ),
    "an endless loop at import": Break(
        CONFIG,
        "while True: pass\n",
        ("app/core/config.py:19 │ while True: pass",),
    ),
    "an endless loop in a handler": Break(
        HEALTH, "while True: pass", ("app/api/health.py:11 │ while True: pass",), old=OK
    ),
    "a class in the place of an object": Break(
        CONFIG,
        "return Settings",
        ("get_settings() returned the class Settings, not a Settings: write",),
        old="return Settings()",
        once=3,
    ),
    "a dictionary in the place of an object": Break(
        CONFIG,
        'return {"log_level": "INFO"}',
        ("    get_settings() must return a Settings; it returned a dict.",),
        old="return Settings()",
        once=3,
    ),
    "a name that differs by a letter": Break(
        CONFIG,
        "def get_setting(",
        ("    app/core/config.py has no `get_settings`. It has `get_setting`.",),
        old="def get_settings(",
    ),
    "a function that stands in a class": Break(
        CONFIG,
        "    def get_settings(self):\n        return self\n\n\ndef other(",
        ("no `get_settings`. It is in the class", "adds it to the"),
        old="@lru_cache\ndef get_settings(",
        once=2,
    ),
    "another base class": Break(
        CONFIG,
        "(__import__('pydantic').BaseModel)",
        ("With LOG_LEVEL=DEBUG, log_level must be 'DEBUG'; it is 'INFO'.",),
        old="(BaseSettings)",
        once=3,
    ),
    "a handler that returns nothing": Break(
        HEALTH,
        "pass",
        ("    There `read_health` returned None; it must return dict[str, str].",),
        old=OK,
    ),
    "no route": Break(
        ROUTER,
        "",
        ("    The application has no routes yet.\n",),
        old="api_router.include_router(health.router)",
    ),
    "a function in the place of the application": Break(
        MAIN,
        "app = create_app",
        ("    `app` in app/main.py is a function, not an application: call it.",),
        old="app = create_app()",
    ),
    "a class in the place of the application": Break(
        MAIN,
        "app = FastAPI",
        ("`app` in app/main.py is the class FastAPI, not an application: write",),
        old="app = create_app()",
    ),
    "an application that the function did not make": Break(
        MAIN,
        'app = FastAPI(title="Library")',
        ("create_app() fails, but `app` exists", "The application has no routes yet."),
        old="app = create_app()",
        once=2,
    ),
    "another JSON": Break(
        HEALTH,
        'return {"state": "ok", "more": "x" * 3000}',
        ('must return {"status": "ok"}', 'Last  GET /api/v1/health: 200 OK {"state":"ok"'),
        old=OK,
    ),
    "another status code": Break(
        HEALTH,
        '@router.get("/health", status_code=201)',
        ("201 Created",),
        old='@router.get("/health")',
    ),
    "a project file that does not parse": Break(
        PROJECT,
        "[project\n",
        ("GR000 readable  pyproject.toml:", "does not parse as TOML", "fails 01.5 (5 tests)"),
    ),
}


@pytest.fixture
def finished(course: Clone, tmp_path: Path) -> Iterator[Clone]:
    """An application as step 01 leaves it, inside the course, where the run is started too."""
    made = Clone(course.root / tmp_path.name)
    write_state(Course(ROOT), 1, made.root)
    yield made
    shutil.rmtree(made.root)


@pytest.mark.parametrize("broken", EVERYDAY.values(), ids=EVERYDAY)
def test_it_is_told_once_and_plainly(course: Clone, finished: Clone, broken: Break) -> None:
    must_be_told(course, finished, broken)


@pytest.mark.slow
@pytest.mark.parametrize("broken", SLOW.values(), ids=SLOW)
def test_it_is_told_once_plainly_and_soon(course: Clone, finished: Clone, broken: Break) -> None:
    must_be_told(course, finished, broken)


@pytest.mark.slow
def test_an_empty_file_lacks_what_the_lesson_names(course: Clone, finished: Clone) -> None:
    finished.write(CONFIG, "")

    run = check(course, finished)

    assert "app/core/config.py has no `get_settings`." in run.out
    must_be_plain(run)


@pytest.mark.slow
@pytest.mark.parametrize("file", [HEALTH, CONFIG])
def test_a_deleted_file_is_named_with_how_to_have_it_back(
    course: Clone, finished: Clone, file: str
) -> None:
    finished.file(file).unlink()

    run = check(course, finished)

    [told] = run.wrong
    assert told[1:3] == [
        f"    {file} is missing.",
        f"    To restore it: groundrules reset {file}",
    ]
    must_be_plain(run)


def test_without_the_package_there_is_nothing_to_run(course: Clone, finished: Clone) -> None:
    finished.file("app").rename(finished.file("application"))

    check(course, finished).must_be_refused("no app package in")


def must_be_told(course: Clone, finished: Clone, broken: Break) -> None:
    broken.apply(finished)

    began = time.monotonic()
    run = check(course, finished)

    assert time.monotonic() - began < A_HANG
    for words in broken.told:
        assert words in run.out
    assert len(run.wrong) <= broken.once
    must_be_plain(run)


def check(course: Clone, finished: Clone) -> Run:
    typed = ("../steps/01", "-c", "../pyproject.toml", "--app=.", "-v", "-p", "no:cacheprovider")
    return course.pytest(*typed, below=finished.root.name)


def must_be_plain(run: Run) -> None:
    assert run.status == 1
    assert "Traceback" not in run.out + run.err
    assert run.wrong
    for told in run.wrong:
        assert len(told) <= MOST_LINES
    at = next(place for place, line in enumerate(run.lines) if "what is wrong" in line)
    assert [line for line in run.lines[at:] if len(line) > MOST_COLUMNS] == []
