"""What must always hold of the course, and that `groundrules course verify` sees when it does not."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from groundrules.course import verify
from groundrules.course.matrix import holes_of
from groundrules.course.steps import Course, Step
from tests.course.conftest import COURSE, Copy, copy_versions

STEPS = [pytest.param(step, id=step.name) for step in COURSE.ready_steps]
STATES = range(len(COURSE.ready_steps) + 1)


@pytest.fixture
def copy(copy: Copy) -> Copy:
    """A copy of the course with the versions, which it checks too."""
    copy_versions(copy.root)
    return copy


@pytest.mark.parametrize("step", STEPS)
def test_the_texts_of_a_step_are_whole(step: Step) -> None:
    assert [str(each) for each in verify.texts_are_whole(COURSE, step)] == []


@pytest.mark.parametrize("step", STEPS)
def test_the_files_of_a_step_are_whole(step: Step) -> None:
    assert [str(each) for each in verify.files_are_whole(COURSE, step)] == []


@pytest.mark.parametrize("step", STEPS)
def test_the_suite_of_a_step_is_whole(step: Step) -> None:
    assert [str(each) for each in verify.suite_is_whole(COURSE, step)] == []


@pytest.mark.parametrize("step", STEPS)
def test_every_demand_has_tests_and_wrong_versions(step: Step) -> None:
    assert [str(each) for each in holes_of(COURSE, step)] == []


def problems_of(number: int) -> list[str]:
    return [str(each) for each in verify.state_passes_what_it_should(COURSE, number)]


def test_the_state_before_the_first_step_passes_nothing() -> None:
    assert problems_of(0) == []


@pytest.fixture(scope="module")
def later() -> Iterator[dict[int, Future[list[str]]]]:
    """The problems of each later state, the longest first; two at a time, for they take a while."""
    pool = ThreadPoolExecutor(2)
    yield {number: pool.submit(problems_of, number) for number in STATES[:0:-1]}
    pool.shutdown(cancel_futures=True)


@pytest.mark.slow
@pytest.mark.parametrize("number", STATES[:0:-1])
def test_a_state_passes_its_steps_and_fails_the_next(
    number: int, later: dict[int, Future[list[str]]]
) -> None:
    assert later[number].result() == []


def test_the_solution_passes_all_suites_and_keeps_all_rules() -> None:
    assert [str(each) for each in verify.solution_passes(COURSE)] == []


def test_fresh_exercises_are_the_starters(copy: Copy) -> None:
    assert list(verify.exercises_are_fresh(copy.course)) == []


@pytest.mark.skipif("CI" not in os.environ, reason="in a clone, exercises/ is the trainee's")
def test_the_repositorys_exercises_are_fresh() -> None:
    assert [str(each) for each in verify.exercises_are_fresh(COURSE)] == []


def texts(course: Course) -> list[str]:
    step = course.steps[0]
    found = [
        *verify.exercises_are_fresh(course),
        *verify.texts_are_whole(course, step),
        *verify.files_are_whole(course, step),
        *verify.suite_is_whole(course, step),
        *holes_of(course, step),
    ]
    return [str(each) for each in found]


def change(path: str, old: str, new: str) -> Callable[[Copy], None]:
    def apply(copy: Copy) -> None:
        text = copy.file(path).read_text()
        assert old in text
        copy.file(path).write_text(text.replace(old, new))

    return apply


def add(path: str, text: str) -> Callable[[Copy], None]:
    def apply(copy: Copy) -> None:
        copy.file(path).parent.mkdir(parents=True, exist_ok=True)
        copy.file(path).write_text(text)

    return apply


def remove(path: str) -> Callable[[Copy], None]:
    return lambda copy: copy.file(path).unlink()


LESSON = "steps/01-setup/README.md"
SUITE = "steps/01-setup/test_health.py"
APPLICATION = "steps/01-setup/test_application.py"
VERSION = "tests/wrong/01-up-and-running.toml"
ONLY_GET = '"01.4", "only-get"'
RECAP = "## Recap\n"
TOML = "steps/01-setup/step.toml"


@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        (change(LESSON, "GR303", "GR000"), "it never names GR303"),
        (change(LESSON, "## 01.3 The", "## 01.3 An"), "write one headed `## 01.3 The application`"),
        (change(LESSON, "`app/core/config.py`, write", "a file, write"), "does not name app/core"),
        (change("steps/01-setup/hints.md", "## 01.2", "## 01.7"), "task 01.2 has 0 hints: write 3"),
        (change(SUITE, '@task("01.4", "health-ok")\n', "", ), "names no task: mark it with @task"),
        (change(SUITE, '"01.4"', '"01.9"'), "names task 01.9, which step.toml does not"),
        (change(SUITE, ONLY_GET, '"01.4"'), "test_health_is_only_read names no demand"),
        (change(SUITE, ONLY_GET, '"01.4", "health-ok"'), "no test names the demand 01.4 only-get"),
        (change(SUITE, ONLY_GET, '"01.4", "only-got"'), "names only-got, which is no demand"),
        (change(SUITE, ONLY_GET, '"01.4", "title"'), "names only demands of 01.3"),
        (change(APPLICATION, '"checks-settings", ', ""), "has a part for checks-settings"),
        (change(LESSON, " <!-- demand: only-get -->", ""), "an item of a task is a demand: end it with"),
        (change(LESSON, "demand: only-get", "demand: title"), "another demand is named title"),
        (change(LESSON, RECAP, RECAP + "- Settings. <!-- demand: settings -->\n"), "belongs to a task or"),
        (remove("tests/wrong/01-any-method-is-fine.toml"), "no wrong version breaks the demand"),
        (change(VERSION, "health-ok", "health-up"), "demand that no lesson has: 01.4 health-up"),
        (remove(SUITE), "no test names task 01.4"),
        (remove("steps/01-setup/test_rules.py"), "no test is marked rules_so_far"),
        (remove("steps/01-setup/starter/app/main.py"), "it is missing: write the stub"),
        (remove("solution/pyproject.toml"), "solution/pyproject.toml: it is missing"),
        (add("steps/01-setup/draft/app/other.py", ""), "the step does not list it"),
        (add("exercises/app/other.py", ""), "no step has a starter for it"),
        (change("exercises/app/main.py", '"""', "'''"), "copy steps/01-setup/starter/app/main.py"),
        (change("solution/app/__init__.py", "API", "app"), "it must be the same in solution/"),
        (change(TOML, '    "app/api/router.py",\n', ""), "a task names app/api/router.py"),
        (change(TOML, "learned", "taught"), "does not say what is `learned` from it"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_named(
    copy: Copy, breaking: Callable[[Copy], None], told: str
) -> None:
    assert texts(copy.course) == []

    breaking(copy)

    assert any(told in text for text in texts(copy.course)), texts(copy.course)


def test_a_test_that_passes_before_anything_is_written_is_named(copy: Copy) -> None:
    add(
        "steps/01-setup/test_too_easy.py",
        "def test_nothing() -> None:\n    assert True\n",
    )(copy)

    found = [str(each) for each in verify.suite_is_whole(copy.course, copy.course.steps[0])]

    assert any("test_nothing names no task" in each for each in found)


def test_a_state_that_fails_its_own_suite_is_named(copy: Copy) -> None:
    change("steps/01-setup/draft/app/api/health.py", '"/health"', '"/healthy"')(copy)

    found = [str(each) for each in verify.state_passes_what_it_should(copy.course, 1)]

    assert any("test_health_answers" in each and "must pass" in each for each in found)


def test_the_command_says_what_to_fix_and_exits_with_one(beginning: Copy) -> None:
    add("exercises/app/other.py", "")(beginning)

    done = beginning.run("course", "verify", "--static")

    assert done.returncode == 1
    assert done.stdout == (
        "exercises/app/other.py: no step has a starter for it: delete one or add the other.\n"
    )
    assert done.stderr.endswith("Problems: 1.\n")


def test_the_command_prints_how_many_tests_and_versions_each_demand_has(beginning: Copy) -> None:
    done = beginning.run("course", "verify", "--static")

    assert done.returncode == 0, done.stderr
    rows = {line[:45].rstrip(): line[45:].split() for line in done.stdout.splitlines()}
    assert rows["01.4 only-get"] == ["1", "1"]
    assert int(rows["01.4 health-ok"][1]) >= 4


def test_the_command_prints_the_same_as_json(beginning: Copy) -> None:
    done = beginning.run("course", "verify", "--static", "--json")

    found = json.loads(done.stdout)
    assert found["problems"] == []
    [step] = found["steps"]
    [demand] = [each for each in step["demands"] if each["name"] == "only-get"]
    assert demand["text"] == "POST, PUT, PATCH and DELETE to `/api/v1/health` return 405."
    assert demand["tests"] == ["steps/01-setup/test_health.py::test_health_is_only_read"]
    assert demand["wrong"] == ["01-any-method-is-fine"]
