"""Grade one submission of Classroom 50.

Its runner starts this in the checkout of a submission, with the files that `make.py` wrote beside it, and
reads `result.json` and `release-body.md` from there. An exit status other than 0 means that there is no
verdict, so that the submission is graded again and not given 0 points.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROGRAMS = "Scripts" if sys.platform == "win32" else "bin"
NO_VERDICT = ("trouble", "timed out")


def main() -> int:
    """Grade the working folder; return the exit status."""
    settings = json.loads((HERE / "settings.json").read_text(encoding="utf-8"))
    submission = Path.cwd()
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "grades"
        course = _installed(Path(temporary) / "course")
        table = Path(temporary) / "submissions.csv"
        table.write_text(f'name,path\nsubmission,"{submission}"\n', encoding="utf-8")
        command: list[str | Path] = [
            course / ".venv" / PROGRAMS / "groundrules",
            "grade",
            table,
            "--out",
            out,
        ]
        status = subprocess.run(
            [*command, *settings["options"]], cwd=course, check=False
        ).returncode
        if status not in (0, 1):
            return status
        [person] = json.loads((out / "results.json").read_text(encoding="utf-8"))["people"]
        if person["status"] in NO_VERDICT:
            print(f"::error::{person['status']}: {person['why']}", file=sys.stderr)
            return 1
        _write(submission / "result.json", json.dumps(_result(person), indent=1))
        feedback = out / "feedback" / "submission.md"
        _write(submission / "release-body.md", feedback.read_text(encoding="utf-8"))
    return 0


def _installed(course: Path) -> Path:
    """Return the course in the folder `course`, or the one that the machine already has, installed."""
    if "GROUNDRULES_COURSE" in os.environ:
        return Path(os.environ["GROUNDRULES_COURSE"])
    with tarfile.open(HERE / "course.tar.gz") as archive:
        archive.extractall(course, filter="data")
    if shutil.which("sudo"):  # Ubuntu's kernel lets no program make a sandbox unless told to
        subprocess.run(
            ["sudo", "-n", "sysctl", "--quiet", "kernel.apparmor_restrict_unprivileged_userns=0"],
            check=False,
        )
    subprocess.run([sys.executable, "course.py", "test", "--version"], cwd=course, check=True)
    return course


def _result(person: dict[str, Any]) -> dict[str, Any]:
    """Return a person's grade as the contract of `result.json` has it."""
    tests = [test for step in person["steps"] for test in _tests(step)]
    if not tests:
        reason = f"{person['status']}: {person['why']}".removesuffix(": ")
        tests = [_test("The submission can be graded", 0, 1, reason)]
    asked = os.environ
    return {
        "schema": "classroom50/result/v1",
        "classroom": asked["CLASSROOM"],
        "assignment": asked["ASSIGNMENT"],
        "assignment_type": asked.get("ASSIGNMENT_TYPE") or "individual",
        "owner": asked.get("OWNER") or asked["USERNAME"],
        "submission": asked["SUBMISSION_TAG"],
        "commit": asked["COMMIT_URL"],
        "release": asked["RELEASE_URL"],
        "review": asked.get("REVIEW_URL") or asked["COMMIT_URL"],
        "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def _tests(step: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a test with the points of a step, and one without points for each of its tasks."""
    whole = _test(f"Step {step['step'][:2]}", step["met"], step["demands"], "")
    tasks = [
        {
            **_test(f"{task['task']} {task['title']}", 0, 0, task["message"]),
            "passed": task["state"] == "met",
        }
        for task in step["tasks"]
    ]
    return [whole, *tasks]


def _test(name: str, score: int, most: int, output: str) -> dict[str, Any]:
    passed = score == most
    return {
        "test-name": name,
        "passed": passed,
        "score": score,
        "max-score": most,
        "output": output,
    }


def _write(file: Path, text: str) -> None:
    """Put a file there, in place of whatever the submission has by that name."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    fresh.replace(file)


if __name__ == "__main__":
    sys.exit(main())
