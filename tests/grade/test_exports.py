"""Grades as platforms take them in: their own tables filled in, and what their runners show."""

import csv
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from groundrules.course.states import write_state
from groundrules.course.steps import Course, CourseError
from groundrules.grade import grades
from groundrules.grade.exports import Asked, Exported, exporter
from groundrules.grade.grades import Grade, StepGrade, TaskGrade
from groundrules.grade.outputs import write
from groundrules.grade.results import VERSION
from tests.grade.conftest import needs_sandbox
from tests.testing.conftest import ROOT

WORKSHEET = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,"
    "Grade can be changed,Feedback comments\r\n"
    'Participant 1234,Ada Lovelace,ada@example.org,Submitted for grading,,"10,00",Yes,\r\n'
    "Participant 1235,Grace Hopper,grace@example.org,No submission,3.00,10.00,Yes,by hand\r\n"
    "Participant 1236,José Núñez,jose@example.org,Submitted for grading,,10.00,Yes,\r\n"
    "Participant 1237,Ada Lovelace,ada2@example.org,Submitted for grading,,10.00,Yes,\r\n"
)
GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Quiz (11),Step 05 (12),Final Score\n"
    "    Points Possible,,,,,5,20,(read only)\n"
    '"Lovelace, Ada",501,s1,ada,Section A,4,,80\n'
    '"Hopper, Grace",502,s2,grace,Section A,5,7,90\n'
    '"Núñez, José",503,s3,jnunez,Section A,5,,70\n'
)
# of Gradescope's autograder specifications: what `results.json` may contain
GRADESCOPE: dict[str, Any] = {
    "type": "object",
    "required": ["score", "tests"],
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "test_output_format": {"enum": ["text", "html", "simple_format", "md", "ansi"]},
        "visibility": {"enum": ["hidden", "after_due_date", "after_published", "visible"]},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "number": {"type": "string"},
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "output": {"type": "string"},
                },
            },
        },
    },
}


def graded(
    name: str, met: int = 3, message: str = "GET /books must return 200; it returns 404."
) -> Grade:
    tasks = (
        TaskGrade("05.1", "Sign-ups", "met"),
        TaskGrade("05.2", "Passwords", "not met", message, "app/schemas/user.py:7", ("salt",)),
    )
    return Grade(name, grades.OK, 12.0, "", "d", "c", (StepGrade("05-schemas", met, 4, tasks),))


def missing(name: str, status: str = grades.NOTHING) -> Grade:
    return Grade(name, status, 0.0, "")


def export(platform: str, *found: Grade, sheet: Path | None = None, column: str = "") -> Exported:
    return exporter(platform)(Asked(found, sheet, column))


@pytest.fixture
def worksheet(tmp_path: Path) -> Path:
    file = tmp_path / "Grades-Course-Step 05.csv"
    file.write_bytes(WORKSHEET.encode())
    return file


@pytest.fixture
def gradebook(tmp_path: Path) -> Path:
    file = tmp_path / "gradebook.csv"
    file.write_text(GRADEBOOK, encoding="utf-8")
    return file


def rows_of(exported: Exported) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported.text)))


def test_moodles_worksheet_is_filled_in_where_there_is_a_verdict(worksheet: Path) -> None:
    exported = export(
        "moodle",
        graded("Ada Lovelace (1234)"),
        graded("Ada Lovelace (1237)", met=4),
        missing("Grace Hopper"),
        graded("jose nunez", met=1),
        graded("Somebody Else"),
        sheet=worksheet,
    )

    rows = rows_of(exported)
    assert list(rows[0]) == WORKSHEET.lstrip("\ufeff").partition("\r")[0].split(",")
    assert [row["Grade"] for row in rows] == ["7.5", "3.00", "2.5", "10"]
    assert [row["Feedback comments"] for row in rows][:2] == [
        "3 of 4 requirements met, 1 of 2 tasks.",
        "by hand",
    ]
    assert (exported.without, exported.unknown) == (("Grace Hopper",), ("Somebody Else",))


def test_canvas_gets_the_column_of_one_assignment(gradebook: Path) -> None:
    exported = export(
        "canvas",
        graded("lovelaceada"),
        missing("hoppergrace", grades.TROUBLE),
        graded("jnunez", met=4),
        sheet=gradebook,
        column="Step 05",
    )

    assert exported.text == (
        "Student,ID,SIS User ID,SIS Login ID,Section,Step 05 (12)\n"
        "    Points Possible,,,,,20\n"
        '"Lovelace, Ada",501,s1,ada,Section A,15\n'
        '"Núñez, José",503,s3,jnunez,Section A,20\n'
    )
    assert (exported.without, exported.unknown) == (("hoppergrace",), ())


@pytest.mark.parametrize("column", ["", "Step", "Step 06"])
def test_canvas_needs_to_be_told_which_assignment(gradebook: Path, column: str) -> None:
    with pytest.raises(CourseError, match=r"one of: Quiz \(11\), Step 05 \(12\), Final Score"):
        export("canvas", graded("lovelaceada"), sheet=gradebook, column=column)


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_a_table_that_is_not_the_platforms_is_one_sentence(platform: str, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")

    for sheet in (None, other, tmp_path / "bytes.csv", tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(CourseError) as raised:
            export(platform, graded("Ada"), sheet=sheet)
        assert "\n" not in str(raised.value)


def test_gradescope_gets_a_result_that_keeps_its_format() -> None:
    result = json.loads(export("gradescope", graded("submission")).text)

    assert [each.message for each in Draft7Validator(GRADESCOPE).iter_errors(result)] == []
    assert result["score"] == 3
    assert sum(test.get("max_score", 0) for test in result["tests"]) == 4
    assert [test["status"] for test in result["tests"]] == ["failed", "passed", "failed"]
    assert "returns 404" in result["tests"][2]["output"]


def test_gradescope_shows_why_there_is_no_verdict_and_repeats_after_trouble() -> None:
    result = json.loads(export("gradescope", missing("submission", grades.NO_APPLICATION)).text)

    assert (result["score"], result["tests"]) == (0, [])
    assert result["output"] == "No application was found."
    with pytest.raises(CourseError, match="says nothing about the code"):
        export("gradescope", missing("submission", grades.TROUBLE))
    with pytest.raises(CourseError, match="this run has 2"):
        export("gradescope", graded("one"), graded("two"))


def test_github_annotates_the_lines_and_nothing_handed_in_becomes_a_command() -> None:
    evil = "wrong\n::error file=x::forged %0A\r\n::set-output name=x::y"

    first, last = export("github", graded("ada", message=evil)).text.splitlines()

    assert first.startswith(
        "::error file=app/schemas/user.py,line=7,title=05.2 Passwords::wrong%0A::"
    )
    assert "%250A" in first
    assert last == "::notice title=Grade::3 of 4 requirements met, 1 of 2 tasks."


def test_the_command_converts_what_grade_wrote(tmp_path: Path, worksheet: Path) -> None:
    people = [graded("Ada Lovelace (1234)").as_data(), missing("Grace Hopper").as_data()]
    write(tmp_path / "grades" / "results.json", json.dumps({"version": VERSION, "people": people}))

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("groundrules")
        words = [str(program), "export", *args]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = run("grades", "moodle", "--sheet", str(worksheet), "--output-file", "upload.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "without a grade: Grace Hopper." in done.stderr
    assert "7.5" in (tmp_path / "upload.csv").read_text("utf-8")
    for wrong in (["grades", "blackboard"], ["nothing", "moodle"], ["grades", "moodle"]):
        done = run(*wrong)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_the_workflow_grades_by_the_suites_of_the_course() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "grade.yml").read_text("utf-8"))
    caller = yaml.safe_load((ROOT / "docs" / "examples" / "grade-workflow.yaml").read_text("utf-8"))
    inputs = workflow[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as true
    checkouts = [
        each["with"]
        for each in workflow["jobs"]["grade"]["steps"]
        if "checkout" in each.get("uses", "")
    ]

    assert set(caller["jobs"]["grade"]["with"]) <= set(inputs)
    assert [each["path"] for each in checkouts] == ["submission", "course"]
    assert all(each["persist-credentials"] is False for each in checkouts)
    scripts = [each for each in workflow["jobs"]["grade"]["steps"] if "run" in each]
    assert all(
        each["working-directory"] == "course" for each in scripts
    )  # nothing of theirs is run
    assert not any("${{" in each["run"] for each in scripts)


@needs_sandbox
@pytest.mark.slow
def test_gradescopes_archive_installs_and_grades(tmp_path: Path) -> None:
    """The scripts run as they do there, in another folder than `/autograder`."""
    home, archive = tmp_path / "autograder", tmp_path / "autograder.zip"
    made = [sys.executable, str(ROOT / "adapters" / "gradescope" / "make.py"), str(archive), "01"]
    subprocess.run(made, check=True)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", archive, home / "source"], check=True)
    (home / "submission").mkdir()
    subprocess.run(["cp", "-r", ROOT / "solution" / "app", home / "submission"], check=True)
    subprocess.run(["cp", ROOT / "solution" / "pyproject.toml", home / "submission"], check=True)
    environment = {**os.environ, "AUTOGRADER": str(home)}

    for script in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", home / "source" / script], env=environment, check=True)

    result = json.loads((home / "results" / "results.json").read_text("utf-8"))
    assert [each.message for each in Draft7Validator(GRADESCOPE).iter_errors(result)] == []
    assert result["score"] == result["tests"][0]["max_score"] > 10


# of Classroom 50's contract of `result.json`
CLASSROOM50: dict[str, Any] = {
    "type": "object",
    "required": [
        *("schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit"),
        *("release", "review", "datetime", "score", "max-score", "tests"),
    ],
    "additionalProperties": False,
    "properties": {
        "schema": {"enum": ["classroom50/result/v1"]},
        **{
            key: {"type": "string", "minLength": 1}
            for key in ("classroom", "assignment", "owner", "commit", "release", "review")
        },
        "assignment_type": {"enum": ["individual", "group"]},
        "submission": {"type": "string", "pattern": "^submit/"},
        "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "score": {"type": "integer", "minimum": 0},
        "max-score": {"type": "integer", "minimum": 0},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": {"type": "string", "minLength": 1},
                    "passed": {"type": "boolean"},
                    "score": {"type": "integer", "minimum": 0},
                    "max-score": {"type": "integer", "minimum": 0},
                },
            },
        },
    },
}
SUBMITTED = {
    "CLASSROOM": "backend",
    "ASSIGNMENT": "step-01",
    "ASSIGNMENT_TYPE": "individual",
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/school/backend-step-01-ada/commit/a1b2c3d",
    "RELEASE_URL": "https://github.com/school/backend-step-01-ada/releases/tag/submit",
}


def graded_in_classroom50(submission: Path, home: Path) -> dict[str, Any] | None:
    """Run the autograder on a checkout, where the course is installed; return its result, if it has one.

    What installs the archive of the course elsewhere is what installs it on Gradescope.
    """
    made = [sys.executable, str(ROOT / "adapters" / "classroom50" / "make.py"), str(home), "01"]
    subprocess.run(made, check=True)
    with tarfile.open(home / "course.tar.gz") as archive:
        assert {"course.py", "uv.lock", "steps/01-setup/step.toml"} <= set(archive.getnames())
    ended = subprocess.run(
        [sys.executable, home / "autograder.py"],
        cwd=submission,
        env={**os.environ, **SUBMITTED, "GROUNDRULES_COURSE": str(ROOT)},
        check=False,
    )
    if ended.returncode != 0:
        return None
    result: dict[str, Any] = json.loads((submission / "result.json").read_text("utf-8"))
    assert [each.message for each in Draft7Validator(CLASSROOM50).iter_errors(result)] == []
    assert sum(each["score"] for each in result["tests"]) == result["score"]
    assert sum(each["max-score"] for each in result["tests"]) == result["max-score"]
    return result


@needs_sandbox
def test_classroom50s_autograder_grades_a_checkout(tmp_path: Path) -> None:
    submission = write_state(Course(ROOT), 1, tmp_path / "a checkout")
    (tmp_path / "elsewhere").write_text("Mine.\n", encoding="utf-8")
    (submission / "result.json").symlink_to(tmp_path / "elsewhere")

    result = graded_in_classroom50(submission, tmp_path / "home")

    assert result is not None
    assert result["score"] == result["max-score"] > 10
    assert all(each["passed"] for each in result["tests"])
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "Mine.\n"
    assert "01.1" in (submission / "release-body.md").read_text("utf-8")


@needs_sandbox
def test_classroom50_is_told_why_there_are_no_points(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "README.md").write_text("Mine.\n", encoding="utf-8")

    result = graded_in_classroom50(tmp_path / "checkout", tmp_path / "home")

    assert result is not None
    assert (result["score"], result["max-score"]) == (0, 1)
    assert "no app found" in result["tests"][0]["output"]
