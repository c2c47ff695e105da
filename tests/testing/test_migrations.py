"""What a suite says of an application whose migrations make no tables."""

import shutil
from pathlib import Path

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.testing.conftest import ROOT, STEP, Clone

SUITE = """\
from groundrules.testing import task


@task("09.1")
async def test_it_answers(app):
    assert (await app.get("/api/v1/health")).status_code == 200
"""


def test_a_later_step_says_that_the_migrations_come_first(course: Clone, tmp_path: Path) -> None:
    course = Clone(shutil.copytree(course.root, tmp_path / "groundrules"), course.environment)
    toml = STEP.format(id="more", title="More", number=9, rules=[], files=["app/more.py"])
    course.write("steps/09-more/step.toml", toml)
    course.write("steps/09-more/test_it.py", SUITE)
    folder = write_state(Course(ROOT), len(Course(ROOT).steps), tmp_path / "carol")
    migration = folder / "migrations" / "versions" / "0002_copies.py"
    migration.write_text(migration.read_text().replace("nullable=True", "nullable=none"))

    run = course.all_of("steps/09", f"--app={folder}")

    assert run.wrong == [
        [
            "09.1 The words: step 04 comes first, alembic upgrade head raises NameError (name",
            "    'none' is not defined) at migrations/versions/0002_copies.py:15; run pytest",
            "    steps/04.",
        ]
    ]
    assert run.lines[-2].startswith("Next: step 04 first;")
