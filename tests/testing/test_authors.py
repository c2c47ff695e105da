"""Mistakes in a suite are told to its author."""

from pathlib import Path

import pytest

from tests.testing.conftest import EXTRA, Clone


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("def test_it(code): ...", ["test_it names no task", '@task("01.1")']),
        ('@task("01.7")\ndef test_it(code): ...', ["Step 01 has no task 01.7", "step.toml"]),
        pytest.param(
            '@task("02.1")\ndef test_it(code): ...',
            ["Step 01 has no task 02.1"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_test_without_a_task_of_its_step_is_refused(
    clone: Clone, test: str, words: list[str]
) -> None:
    clone.write("steps/01-words/test_new.py", f"from groundrules.testing import task\n\n\n{test}\n")

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 4
    assert "Traceback" not in run.out + run.err
    for word in ["steps/01-words/test_new.py::test_it", *words]:
        assert word in run.out + run.err


def test_a_suite_that_breaks_shows_where(clone: Clone) -> None:
    clone.write(
        "steps/01-words/test_new.py",
        "from groundrules.testing import task\n\n\n"
        '@task("01.1")\ndef test_new(code):\n    code.nothing()\n',
    )

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 1
    assert "test_new.py:6: AttributeError" in run.out


def test_what_a_test_cannot_go_on_with_is_one_sentence_and_spoils_no_other(clone: Clone) -> None:
    clone.write(
        "steps/01-words/test_new.py",
        "from groundrules.testing import task\n\n\n"
        '@task("01.2")\nasync def test_new(app):\n    {}["copies"]\n',
    )

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 1
    assert "The test cannot continue with the result (KeyError: 'copies')." in run.out
    assert "test_new.py:6" not in run.out


ODD = """\
from groundrules.testing import task


@task("01.2")
async def test_odd(app):
    response = await app.get("/openapi.json")
    assert response.json()["nothing"] == 1


@task("01.2")
async def test_odder(app):
    assert len(await app.program.ready()) == 1
"""


def test_what_a_test_cannot_use_is_a_sentence_unless_a_traceback_is_asked_for(clone: Clone) -> None:
    clone.write("steps/01-words/test_new.py", ODD)
    application = "from fastapi import FastAPI\n\napp = FastAPI()\n"
    clone.write("alice/exercises/app/main.py", application)
    clone.write("alice/exercises/app/program.py", "def ready():\n    return 3\n")

    trainee = clone.all_of("steps/01/test_new.py", "--app=alice")
    author = clone.pytest("steps/01/test_new.py", "--app=alice", "--tb=short")

    request, call = ([" ".join(line.split()) for line in told] for told in trainee.wrong)
    assert request[1] == (
        "The response to GET /openapi.json does not have what the test reads from it"
    )
    assert request[3].startswith("Last GET /openapi.json: 200 OK")
    assert call[1] == (
        "ready() returned 3, and the test cannot continue with it (TypeError: object"
    )
    assert "Traceback" not in trainee.out
    assert "test_new.py:7" not in trainee.out
    assert "test_new.py:7: in test_odd" in author.out
    assert "test_new.py:12: in test_odder" in author.out


def test_a_rule_that_is_not_there_fails_its_test(clone: Clone) -> None:
    step = clone.file("steps/02-more/step.toml")
    step.write_text(step.read_text().replace("GR201", "GR999"))
    clone.write("alice/exercises/app/extra.py", EXTRA)

    run = clone.pytest("steps/02", "--app=alice")

    assert run.status == 1
    assert "There is no rule GR999." in run.out


def test_a_broken_step_file_is_named(clone: Clone) -> None:
    clone.write("steps/02-more/step.toml", "id = ")

    run = clone.pytest("steps/01", "--app=alice")

    run.must_be_refused(str(Path("02-more") / "step.toml"), "not valid TOML")
