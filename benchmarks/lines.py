"""How many lines a run prints for one mistake: twenty that learners often make.

`python benchmarks/lines.py [FOLDER]` breaks the application that a step leaves in one place, runs the step's
suite on it from the root of the course, and prints the number of lines and their greatest width. With a
folder, it writes what each run printed into it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from groundrules.course.states import write_state
from groundrules.course.steps import Course

ROOT = Path(__file__).resolve().parents[1]
MISTAKES: dict[str, tuple[int, str, str, str]] = {
    "an import that is missing": (1, "app/api/health.py", "from fastapi import APIRouter\n", ""),
    "a colon that is missing": (
        1,
        "app/core/config.py",
        "class Settings(BaseSettings):",
        "class Settings(BaseSettings)",
    ),
    "a module instead of its router": (1, "app/api/router.py", "health.router", "health"),
    "a handler without async": (1, "app/api/health.py", "async def read_health", "def read_health"),
    "no return in create_app()": (1, "app/main.py", "    return application\n", ""),
    "an await that is missing": (2, "app/core/database.py", "await db.execute(", "db.execute("),
    "a factory instead of a session": (
        2,
        "app/api/deps.py",
        "yield session",
        "yield session_factory",
    ),
    "a table with another name": (
        3,
        "app/models/loan.py",
        '__tablename__ = "loans"',
        '__tablename__ = "loan"',
    ),
    "a column with another name": (3, "app/models/user.py", "full_name", "name"),
    "a constraint that is missing": (3, "app/models/user.py", '(UniqueConstraint("email"),)', "()"),
    "a default that is missing": (
        3,
        "app/models/user.py",
        "server_default=false()",
        "",
    ),
    "no timezone": (3, "app/models/base.py", "DateTime(timezone=True)", "DateTime()"),
    "a revision that is not the next": (
        4,
        "migrations/versions/0002_copies.py",
        'down_revision: str | Sequence[str] | None = "0001"',
        'down_revision: str | Sequence[str] | None = "001"',
    ),
    "a field that is missing": (5, "app/schemas/book.py", "    title: Title\n", ""),
    "a password in the response": (
        5,
        "app/schemas/user.py",
        "    is_librarian: bool\n",
        "    is_librarian: bool\n    hashed_password: str\n",
    ),
    "a validator that returns nothing": (5, "app/schemas/book.py", "    return digits\n", ""),
    "a service that does not commit": (
        6,
        "app/services/loan_service.py",
        "    await commit(db)\n    return loan",
        "    return loan",
    ),
    "a limit off by one": (6, "app/services/loan_service.py", ">= LOAN_LIMIT", "> LOAN_LIMIT"),
    "a status code that is wrong": (
        7,
        "app/api/books.py",
        "status.HTTP_404_NOT_FOUND",
        "status.HTTP_400_BAD_REQUEST",
    ),
    "a route that anybody may use": (
        8,
        "app/api/books.py",
        "dependencies=[Depends(get_librarian)],",
        "",
    ),
}


def main() -> None:
    """Run the steps on each mistake."""
    kept = Path(sys.argv[1]) if sys.argv[1:] else None
    counts = []
    for number, (name, (step, file, old, new)) in enumerate(MISTAKES.items(), 1):
        out = printed(step, file, old, new)
        lines = out.splitlines()
        counts.append(len(lines))
        print(f"{len(lines):>4} lines {max(map(len, lines)):>4} wide  {step:02} {name}", flush=True)
        if kept is not None:
            kept.mkdir(exist_ok=True)
            (kept / f"{number:02}.txt").write_text(out, encoding="utf-8")
    print(f"{sorted(counts)[len(counts) // 2]:>4} lines at the median, {max(counts)} at most")


def printed(step: int, file: str, old: str, new: str) -> str:
    """Return what the suite of a step prints about an application that is broken in one place."""
    with tempfile.TemporaryDirectory() as folder:
        state = write_state(Course(ROOT), step, Path(folder) / "mine")
        text = (state / file).read_text(encoding="utf-8")
        if old not in text:
            sys.exit(f"{file} of step {step:02} has no longer: {old}")
        (state / file).write_text(text.replace(old, new), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "pytest", f"steps/{step:02}", f"--app={state}"],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        return run.stdout


if __name__ == "__main__":
    main()
