"""When the tables that an earlier check has made are those of a later one."""

from pathlib import Path

import pytest

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from groundrules.testing.stock import key_of
from tests.testing.conftest import ROOT

MORE = "\n\nMORE = 1\n"


@pytest.fixture
def application(tmp_path: Path) -> Path:
    return write_state(Course(ROOT), 8, tmp_path / "exercises")


@pytest.mark.parametrize(
    "file",
    [
        "migrations/versions/0002_copies.py",
        "migrations/env.py",
        "migrations/script.py.mako",
        "alembic.ini",
        "app/models/book.py",
        "app/core/config.py",  # which the migrations import
        "app/__init__.py",
    ],
)
def test_what_the_tables_rest_on_makes_them_others(application: Path, file: str) -> None:
    before = key_of(application, "the migrations")
    with (application / file).open("a") as written:
        written.write(MORE)

    assert key_of(application, "the migrations") != before


def test_what_they_do_not_rest_on_leaves_them_as_they_are(application: Path) -> None:
    before = key_of(application, "the migrations")
    for file in ("app/schemas/book.py", "app/api/books.py", "app/services/user_service.py"):
        with (application / file).open("a") as written:
            written.write(MORE)

    assert key_of(application, "the migrations") == before
    assert key_of(application, "the models") != before


@pytest.mark.parametrize(
    "line",
    [
        "from app.schemas import book",
        "import app.schemas.book",
        "import importlib; importlib.import_module('app.schemas.' + 'book')",
        "from ..schemas import book",
        "exec(open('app/schemas/book.py').read())",
    ],
)
def test_a_module_that_is_reached_in_any_way_counts(application: Path, line: str) -> None:
    model = application / "app/models/user.py"
    model.write_text(f"{model.read_text()}\n\n{line}\n")
    before = key_of(application, "the migrations")
    with (application / "app/schemas/book.py").open("a") as written:
        written.write(MORE)

    assert key_of(application, "the migrations") != before
