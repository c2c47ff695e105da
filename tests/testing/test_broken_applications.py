"""Step 01 on applications that are broken in one place each: what the trainee is told, and how soon."""

import time
from dataclasses import dataclass

import pytest

from tests.testing.conftest import Clone, Run

CONFIG, HEALTH, PROJECT = "app/core/config.py", "app/api/health.py", "pyproject.toml"
MOST_LINES, MOST_COLUMNS = 12, 80
OK = 'return {"status": "ok"}'
UNTYPED = "\n\ndef one(a): ...\n\n\ndef two(a): ...\n\n\ndef three(a): ...\n"


@dataclass(frozen=True)
class Break:
    """One way to break the application.

    :param file: where `old` becomes `new`; without `old`, `new` is put at its end.
    :param told: what the run must say.
    :param once: how many things may be told to be wrong.
    :param seconds: how long the run may take.
    """

    file: str
    new: str
    told: tuple[str, ...]
    old: str = ""
    once: int = 1
    seconds: float = 15

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
            "Also  it fails 01.4 (4 tests) and 01.5 (5 tests)",
        ),
        old="async def",
    ),
    "a handler that raises": Break(
        HEALTH,
        'return {"status": [][3]}',
        (
            "GET /api/v1/health must answer 200.",
            "There IndexError: list index out of range",
            'app/api/health.py:11 │ return {"status": [][3]}',
            "Next: 01.4 at app/api/health.py:11",
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
        ("app/core/config.py:19  SystemExit: this line ends the program; take it out.",),
    ),
    "an exception at import": Break(
        HEALTH, '{}["nothing"]\n', ("app/api/health.py:12  KeyError: 'nothing'",)
    ),
    "an endless loop at import": Break(
        CONFIG,
        "while True: pass\n",
        ("app/core/config.py:19 │ while True: pass",),
        seconds=30,  # each test that imports it waits once more
    ),
    "an endless loop in a handler": Break(
        HEALTH, "while True: pass", ("app/api/health.py:11 │ while True: pass",), old=OK
    ),
    "another JSON": Break(
        HEALTH,
        'return {"state": "ok", "more": "x" * 3000}',
        ('must answer {"status": "ok"}', 'Last  GET /api/v1/health: 200 OK {"state":"ok"'),
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
def test_a_deleted_file_is_missed_where_it_is_imported(course: Clone, finished: Clone) -> None:
    finished.file(HEALTH).unlink()

    run = check(course, finished)

    assert "app/api/router.py:5  ImportError: cannot import name 'health'" in run.out
    must_be_plain(run)


def test_without_the_package_there_is_nothing_to_run(course: Clone, finished: Clone) -> None:
    finished.file("app").rename(finished.file("application"))

    check(course, finished).must_be_refused("no app package in")


def must_be_told(course: Clone, finished: Clone, broken: Break) -> None:
    broken.apply(finished)

    began = time.monotonic()
    run = check(course, finished)

    assert time.monotonic() - began < broken.seconds
    for words in broken.told:
        assert words in run.out
    assert len(run.wrong) <= broken.once
    must_be_plain(run)


def check(course: Clone, finished: Clone) -> Run:
    return course.pytest("steps/01", f"--app={finished.root}", "-p", "no:cacheprovider")


def must_be_plain(run: Run) -> None:
    assert run.status == 1
    assert "Traceback" not in run.out + run.err
    assert run.wrong
    for told in run.wrong:
        assert len(told) <= MOST_LINES
    at = next(place for place, line in enumerate(run.lines) if "what is wrong" in line)
    assert [line for line in run.lines[at:] if len(line) > MOST_COLUMNS] == []
