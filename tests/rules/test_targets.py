"""Files, several paths and standard input: all of the package is read, and they alone are reported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

UNHINTED = "def total(prices) -> int:\n    return sum(prices)\n"
MODELS = "from app.base import Base\n\n\nclass Item(Base):\n    __tablename__ = 'items'\n"
BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "backend"
    for path, text in {
        "pyproject.toml": "",
        "app/__init__.py": "",
        "app/base.py": BASE,
        "app/api/__init__.py": "",
        "app/api/sums.py": UNHINTED,
        "app/models/item.py": MODELS,
        "app/tests/test_sums.py": UNHINTED,
        "README.md": "",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


def groundrules(
    *args: object, given: str | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "groundrules", "check"]
    return subprocess.run(
        [*command, *map(str, args)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


def found(*args: object, given: str | None = None, cwd: Path | None = None) -> list[str]:
    done = groundrules("--format", "concise", *args, given=given, cwd=cwd)
    assert done.stderr == ""
    return [" ".join(line.split()[:2]) for line in done.stdout.splitlines()]


def test_a_file_is_checked_as_a_part_of_its_package(project: Path) -> None:
    """The base class that makes it a model is in another file."""
    whole = found()

    assert "app/models/item.py:4:7: GR402" in whole
    for path in ("app/models/item.py", project / "app" / "models" / "item.py"):
        assert found(path) == [each for each in whole if "item.py" in each]
    assert found("models/item.py", cwd=project / "app") == [
        f"../{each}" for each in whole if "item.py" in each
    ]


def test_several_paths_are_reported_together(project: Path) -> None:
    whole = found()

    chosen = [each for each in whole if each.startswith(("app/api", "app/models"))]
    assert len(chosen) == 2
    assert found("app/api", "app/models/item.py") == chosen
    assert found("app/api", "app/models") == chosen
    assert found("app/api") == [each for each in chosen if each.startswith("app/api")]
    assert found("app/models") == [each for each in chosen if each.startswith("app/models")]
    assert found("app", "pyproject.toml") == whole


def test_without_a_project_file_the_working_folder_is_the_project(project: Path) -> None:
    (project / "pyproject.toml").unlink()

    assert [each.split()[1] for each in found("app/api/sums.py")] == ["GR201"]


def test_a_project_below_the_top_of_the_repository_is_found(project: Path) -> None:
    (project / "pyproject.toml").rename(project.parent / "pyproject.toml")

    assert found("backend/app/api/sums.py", cwd=project.parent) == [
        "backend/app/api/sums.py:1:5: GR201"
    ]


def test_a_file_that_is_no_code_of_the_package_is_named(project: Path) -> None:
    done = groundrules("app/tests/test_sums.py")

    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout
        == "app/tests/test_sums.py is not code of app.\nNo findings in 0 files of app.\n"
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("app/api/sums.py", "missing.py"), "missing.py does not exist"),
        (("missing.py",), "missing.py does not exist"),
        (("README.md",), "README.md is not a folder"),
        (("-",), "needs a name: --stdin-filename"),
        (("--stdin-filename", "app/new.py"), "app/new.py does not exist: save the file once"),
        (("app", "--stdin-filename", "app/base.py"), "leave the paths out"),
        (("--select", ","), "--select names no rule"),
        (("--output-file", "missing/report.txt"), "missing/report.txt cannot be written"),
        (("--baseline", "missing.toml"), "missing.toml does not exist"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(
    project: Path, args: tuple[str, ...], said: str
) -> None:
    done = groundrules(*args)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said in done.stderr


def test_what_is_wrong_with_the_settings_is_said_for_a_file_too(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.groundrules]\nselect = []\n")

    assert "`select` of" in groundrules("app/base.py").stderr


def test_an_editor_checks_what_is_not_saved_yet(project: Path) -> None:
    unsaved = "\n\n" + UNHINTED.replace("total", "unsaved")
    path = "app/api/sums.py"

    for args in (("--stdin-filename", path), ("-", "--stdin-filename", path)):
        assert found(*args, given=unsaved) == [f"{path}:3:5: GR201"]
        text = groundrules(*args, given=unsaved).stdout
        assert "3 │ def unsaved(prices) -> int:" in text
    assert found("--stdin-filename", path, given="") == []
    assert found(path) == [f"{path}:1:5: GR201"]


def test_what_is_not_saved_is_checked_with_the_other_files(project: Path) -> None:
    """The base class decides what is found in the model."""
    path = "app/models/item.py"
    (project / "app" / "base.py").write_text("")
    assert found(path) == []
    assert found("--stdin-filename", path, given=MODELS) == []

    (project / "app" / "base.py").write_text(BASE)
    assert found("--stdin-filename", path, given="\n" + MODELS) == [f"{path}:5:7: GR402"]
    assert found("--stdin-filename", "app/base.py", given=BASE) == []


def test_statistics_count_the_findings_by_rule(project: Path) -> None:
    done = groundrules("--statistics", "--select", "GR201,GR402")

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "     1  GR201  type-hints",
        "     1  GR402  timestamps",
        "2 findings in 2 files; 5 files of app checked.",
    ]


def test_many_findings_begin_with_their_statistics(project: Path) -> None:
    (project / "app" / "api" / "more.py").write_text(
        "\n".join(f"def total_{number}(prices): ..." for number in range(50))
    )

    assert groundrules("--select", "GR201").stdout.startswith("    51  GR201  type-hints\n")


def test_findings_need_not_fail_a_build(project: Path) -> None:
    done = groundrules("--exit-zero", "--select", "GR201")

    assert (done.returncode, "1 finding in 1 file" in done.stdout) == (0, True)
    assert groundrules("--exit-zero", "--select", "GR999").returncode == 2


def test_a_report_can_be_written_to_a_file(project: Path) -> None:
    done = groundrules("--format", "json", "--output-file", "report.json")

    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads((project / "report.json").read_text()) == json.loads(
        groundrules("--format", "json").stdout
    )
