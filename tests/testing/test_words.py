"""The words for one failure: what a suite's message becomes on a terminal of 80 columns."""

from pathlib import Path

import pytest

from groundrules.course.steps import Course
from groundrules.rules import Finding, render_finding
from groundrules.testing.app import Account
from groundrules.testing.failures import NothingToCheck, Words, explain, printed, says_something
from groundrules.testing.snapshot import Snapshot
from groundrules.worker.errors import Hung, Raised
from groundrules.worker.protocol import Failure, Frame

FOLDER = Path("/home/ann/exercises")
SOURCE = Snapshot(FOLDER, FOLDER)
COURSE = Course(Path(__file__).resolve().parents[2])
TASK = COURSE.task("01.2")[1]
HEADING = "01.2 Settings from the environment"
READ = "    Read  steps/01-setup/README.md, or ask: groundrules hint 01.2"


def words_for(error: BaseException) -> Words:
    words = explain(error, COURSE, TASK, None, SOURCE)
    assert words is not None
    assert all(len(line) <= 80 for line in str(words).splitlines())
    assert len(words.lines) <= 9
    return words


def lines_for(error: BaseException) -> list[str]:
    heading, *lines, last = str(words_for(error)).splitlines()
    assert heading == HEADING
    assert last == READ
    return [line.removeprefix("    ") for line in lines]


def test_a_message_is_wrapped_between_words() -> None:
    sentence = "In app/core/config.py the settings must be read once, " * 3

    lines = lines_for(AssertionError(sentence))

    assert " ".join(lines) == sentence.strip()
    assert len(lines) == 3


def test_a_module_in_the_place_of_its_router_is_named() -> None:
    frames = (Frame("app/api/router.py", 8, "api_router.include_router(health)"),)
    message = "module 'app.api.health' has no attribute '_contains_router'"

    words = words_for(Raised(Failure("AttributeError", message, (), frames)))

    assert " ".join(" ".join(words.told[:2]).split()) == (
        "app/api/router.py:8 app.api.health is a module; include_router takes the router in it: "
        "write health.router."
    )


def test_a_message_keeps_its_own_lines() -> None:
    assert lines_for(AssertionError("It must be:\n  one\n  two")) == [
        "It must be:",
        "  one",
        "  two",
    ]


def test_what_pytest_adds_to_a_message_is_left_out() -> None:
    error = AssertionError("It must be 1.\nassert 2 == 1\n +  where 2 = f()")

    assert lines_for(error) == ["It must be 1."]


def test_of_a_long_answer_the_beginning_and_the_end_are_shown() -> None:
    body = '{"items":[' + '{"id":1,"title":"Emma"},' * 200 + "]}"

    lines = lines_for(AssertionError(f"GET /books/ must return 20 books; it returns {body}, oh."))

    assert lines[0].startswith("GET /books/ must return 20 books")
    assert lines[-1].endswith(", oh.")
    assert "…" in "".join(lines)
    assert len(lines) <= 4


def test_an_exception_is_told_with_its_place_first_and_its_own_lines() -> None:
    frames = (Frame("app/main.py", 5, "import x"), Frame("app/core/config.py", 9, "1 / 0"))
    failure = Failure("ZeroDivisionError", f"in {FOLDER}/app/core/config.py", (), frames)

    words = words_for(Raised(failure))

    assert words.lines[:-1] == (
        "    app/core/config.py:9  ZeroDivisionError: in app/core/config.py",
        "    app/main.py:5 │ import x",
        "    app/core/config.py:9 │ 1 / 0",
    )
    assert words.place == "app/core/config.py:9"


def test_a_failure_is_told_under_the_task_whose_file_it_is_in() -> None:
    frames = (Frame("app/main.py", 5, "import x"), Frame("app/api/health.py", 9, "1 / 0"))

    words = words_for(Raised(Failure("ZeroDivisionError", "", (), frames)))

    assert words.heading == "01.4 The health route"
    assert words.lines[-1].endswith("groundrules hint 01.4")
    assert words.task == TASK


def test_a_long_line_of_source_is_cut() -> None:
    frame = Frame("app/core/config.py", 5, "x = " + "1 + " * 50)

    [_, shown] = lines_for(Hung("It did not end.", (frame,)))

    assert shown.startswith("app/core/config.py:5 │ x = 1")
    assert shown.endswith("…")


def test_of_a_validation_the_field_and_both_values_are_kept() -> None:
    text = (
        "1 validation error for Settings\na\n"
        "  Wrong [type=literal_error, input_value='LOUD', input_type=str]\n"
        "    For further information visit x"
    )
    failure = Failure("ValidationError", text)

    assert lines_for(Raised(failure))[1:] == ["a", "  Wrong; it is 'LOUD'"]


def test_of_an_error_of_the_database_its_own_words_are_shown() -> None:
    text = (
        "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) "
        "<class 'asyncpg.exceptions.NotNullViolationError'>: null value in column \"email\"\n"
        "DETAIL:  Failing row contains (1, null).\n"
        "[SQL: INSERT INTO users (email)\nVALUES ($1)]\n[parameters: (None,)]\n"
        "(Background on this error at: https://sqlalche.me/e/20/gkpj)"
    )

    assert lines_for(Raised(Failure("IntegrityError", text), "User()")) == [
        'User() raised IntegrityError: null value in column "email"'
    ]


def test_an_exception_of_no_line_is_told_with_what_was_done() -> None:
    error = Raised(Failure("AssertionError", ""), "Creating the tables of the models")

    assert lines_for(error) == ["Creating the tables of the models raised AssertionError"]


def test_a_hang_and_a_shorter_wait_at_one_line_have_one_cause() -> None:
    frames = (Frame("app/main.py", 5, "while True: pass"),)

    first, second = (words_for(Hung(f"It did not end in {s} s.", frames)) for s in (5, 1))

    assert first.cause == second.cause


def test_errors_of_the_database_that_differ_in_a_moment_have_one_cause() -> None:
    seen = (
        "datetime.datetime(2026, 11, 26, 2, 49, 2...",
        "datetime.datetime(2026, 4, 2, 4, 9, ...",
    )
    causes = {
        words_for(
            Raised(
                Failure(
                    "DBAPIError",
                    f"(sqlalchemy.x.Error) <class 'asyncpg.DataError'>: wrong: {moment} (naive)\n"
                    f"[SQL: INSERT]\n[parameters: ('{name}', 1)]",
                ),
                "User()",
            )
        ).cause
        for moment, name in zip(seen, ("ann", "ben"), strict=True)
    }
    other = words_for(Raised(Failure("DBAPIError", "right"), "User()")).cause

    assert len(causes) == 1
    assert other not in causes


def test_an_error_of_the_suite_itself_is_left_to_pytest() -> None:
    assert explain(AttributeError("x"), COURSE, TASK, None, SOURCE) is None
    assert explain(AssertionError(), COURSE, TASK, None, SOURCE) is None


def test_nothing_to_check_is_one_line() -> None:
    words = explain(NothingToCheck(TASK.files), COURSE, TASK, None, SOURCE)

    assert str(words) == f"{HEADING}: nothing to check yet in app/core/config.py."


@pytest.fixture
def finding(tmp_path: Path) -> Finding:
    source = "x = 1\n" + "    " * 10 + "answer = function(" + "argument, " * 9 + "wrong)\n"
    (tmp_path / "long.py").write_text(source)
    column = source.splitlines()[1].index("wrong") + 1
    sentence = "A sentence that is far too long for one line of a terminal, as many are. " * 4
    return Finding(
        path="long.py",
        line=2,
        column=column,
        rule="GR999",
        name="long",
        message=sentence,
        why=sentence,
        fix="Mend it.",
        docs="docs/rules/GR999.md",
        end_column=column + 5,
    )


def test_a_finding_fits_the_terminal_and_points_at_its_place(
    finding: Finding, tmp_path: Path
) -> None:
    lines = render_finding(finding, tmp_path).splitlines()

    assert len(lines) <= 10
    assert all(len(line) <= 80 for line in lines)
    source, carets = lines[3:5]
    assert source[carets.index("^") : carets.rindex("^") + 1] == "wrong"
    assert lines[5].startswith("    Why   A sentence")
    assert lines[6].startswith("          ")
    assert lines[6].endswith(" …")


def test_what_must_be_accepted_comes_first() -> None:
    failure = Failure(
        "ValidationError",
        "1 validation error for UserCreate\nemail\n  not an address\n    For further information x",
    )

    assert lines_for(Raised(failure, "UserCreate()", refused="The email a@b.org")) == [
        "The email a@b.org must be accepted. ValidationError: 1 validation error for",
        "UserCreate email not an address",
    ]


def test_of_what_was_printed_the_log_of_what_went_well_is_left_out() -> None:
    text = (
        'INFO:     Started\n{"time": 1, "level": "INFO", "message": "request"}\nhere 1\n'
        '… 12,253 bytes left out …\n 2, "level": "DEBUG"}\n{"level": "ERROR", "message": "oh"}\n'
    )

    assert printed(text) == ["here 1", '{"level": "ERROR", "message": "oh"}']
    assert printed("x" * 9 + "\n… 12,253 bytes left out …\n" + "y" * 9) == ["x" * 9]


@pytest.mark.parametrize(
    ("exchange", "message", "shown"),
    [
        ('GET /api/v1/health: 200 OK {"status":"up"}', "GET /api/v1/health must return ok.", True),
        ('GET /api/v1/books/?limit=2: 200 OK {"items":[]}', "GET /books/ must return 2.", True),
        ("GET /api/v1/health: 404 Not Found {}", "The router must be included.", True),
        ("POST /api/v1/users/: no response", "The user must be saved.", True),
        ('GET /api/v1/health: 200 OK {"status":"ok"}', "The log must say `request`.", False),
    ],
)
def test_the_last_response_is_shown_where_it_says_something(
    exchange: str, message: str, shown: bool
) -> None:
    assert says_something(Account(exchange=exchange), message) is shown
