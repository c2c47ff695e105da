"""Code for a newer Python than the one that reads it: read as far as it can be, and else said."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groundrules.rules import check_project
from groundrules.rules.pythons import wanted_minor

NEWER = {
    "except": "def f(x) -> None:\n    try:\n        pass\n    except ValueError, KeyError:\n        pass\n",
    "except with dots": (
        "def f(x) -> None:\n    try:\n        pass\n    except (a.B), c.D:\n        raise\n"
    ),
    "type": "type Pair[T] = tuple[T, T]\ntype Name = str\ndef f(x) -> None: ...\n",
    "generics": "class A[T: int](list[T]):\n    def f[U, *V](self, x) -> None: ...\n",
    "generics on many lines": (
        "class A[\n    T: int,\n    U,\n](list[T]):\n"
        "    async def f[\n        V\n    ](self, x) -> None: ...\n"
    ),
    "template": 'NAME = t"hello {1}"\ndef f(x) -> None: ...\n',
    "lazy": "lazy import json\nlazy from json import loads\ndef f(x) -> None: ...\n",
}
TOO_NEW = "def f(x) -> None: ...\nfor in new syntax:\n"


def write(folder: Path, text: str, python: str = ">=3.11") -> Path:
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "new.py").write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(f'[project]\nrequires-python = "{python}"\n')
    return folder


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_newer_syntax_is_read_and_keeps_its_lines_and_columns(tmp_path: Path, text: str) -> None:
    report = check_project(write(tmp_path, text))

    line = next(number for number, each in enumerate(text.splitlines(), 1) if "def f" in each)
    column = text.splitlines()[line - 1].index("f", text.splitlines()[line - 1].index("def ") + 3)
    found = [(each.rule, each.line, each.column) for each in report.findings]
    assert found == [("GR201", line, column + 1)]
    assert (report.notes, report.unread) == ((), 0)


def test_exceptions_without_brackets_are_each_caught(tmp_path: Path) -> None:
    write(tmp_path, "")
    (tmp_path / "app" / "api").mkdir()
    (tmp_path / "app" / "api" / "items.py").write_text(
        "from fastapi import APIRouter\nrouter = APIRouter()\n\n\n"
        "@router.get('/items')\nasync def items(x: int) -> int:\n    '''Show.'''\n"
        "    try:\n        if x:\n            raise KeyError\n        raise ValueError\n"
        "    except ValueError, KeyError:\n        return 1\n"
    )

    assert check_project(tmp_path, select=["GR503", "GR000"]).findings == ()


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python reads it")
def test_a_suite_reads_only_what_this_python_runs(tmp_path: Path) -> None:
    report = check_project(write(tmp_path, NEWER["except"]), every_file=True)

    assert [each.rule for each in report.findings] == ["GR000"]


def test_what_remains_unread_is_said_first_in_every_format(tmp_path: Path) -> None:
    write(tmp_path, TOO_NEW)
    (tmp_path / "app" / "old.py").touch()
    said = "1 of 2 files could not be read: see GR000."

    assert run(tmp_path).stdout.splitlines()[0] == said
    assert "1 of 2 files of app checked" in run(tmp_path).stdout
    as_json = json.loads(run(tmp_path, "--format=json").stdout)
    assert (as_json["notes"], as_json["unread"]) == ([said], 1)
    assert run(tmp_path, "--format=github").stdout.splitlines()[0] == (
        f"::notice title=groundrules::{said}"
    )
    log = json.loads(run(tmp_path, "--format=sarif").stdout)["runs"][0]["invocations"][0]
    assert [each["message"]["text"] for each in log["toolExecutionNotifications"]] == [said]


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({"select": ["GR201"]}, []),
        ({"select": ["GR000"]}, ["GR000"]),
        ({"ignore": ["GR000"]}, []),
        ({}, ["GR000"]),
    ],
)
def test_gr000_is_selected_and_ignored_like_any_rule(
    tmp_path: Path, options: dict[str, list[str]], codes: list[str]
) -> None:
    report = check_project(write(tmp_path, TOO_NEW), **options)  # type: ignore[arg-type]

    assert [each.rule for each in report.findings] == codes
    assert report.notes == ("1 of 1 files could not be read: see GR000.",)


def test_a_project_for_a_python_to_come_is_told_the_command_that_reads_it(tmp_path: Path) -> None:
    write(tmp_path, TOO_NEW, ">=3.99")

    first = run(tmp_path).stdout.splitlines()[0]

    assert first.startswith("The project asks for Python 3.99, and this is 3.")
    assert "1 of 1 files could not be read" in first
    assert "To read them: uvx --python 3.99 --from " in first


# it is asked whether it can, and then to run `main()`: the paths it is told may hold any word
ABLE = """#!/bin/sh
case "$4" in *"; main()") echo "read by a newer one: $#"; exit 1;; esac
"""


def install(folder: Path, script: str) -> Path:
    """Put a command on a path that answers for Python 3.99, and return its folder."""
    folder.mkdir()
    (folder / "python3.99").write_text(script)
    (folder / "python3.99").chmod(0o755)
    return folder


def test_a_newer_python_on_the_machine_reads_it(tmp_path: Path) -> None:
    write(tmp_path, TOO_NEW, ">=3.99")

    done = run(tmp_path, path=install(tmp_path / "bin", ABLE))

    assert (done.stdout, done.returncode) == ("read by a newer one: 8\n", 1)


def test_a_newer_python_is_waited_for(tmp_path: Path) -> None:
    write(tmp_path, TOO_NEW, ">=3.99")
    newer = install(tmp_path / "bin", ABLE)

    with (newer / "python3.99").open("a"):  # what is being written cannot be started
        running = start(tmp_path, path=newer)
        time.sleep(0.5)
    said, _ = running.communicate()

    assert (said, running.returncode) == ("read by a newer one: 8\n", 1)


def test_a_newer_python_that_cannot_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, TOO_NEW, ">=3.99")
    newer = install(tmp_path / "bin", "#!/bin/sh\necho no such Python >&2\nexit 127\n")

    done = run(tmp_path, path=newer)

    assert done.stdout.startswith("The project asks for Python 3.99")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        ("#!/bin/sh\nkill -9 $$\n", "signal 9 ended it"),
        (ABLE.replace("exit 1", "kill -9 $$"), "signal 9 ended it"),
        ("#!/no/such/interpreter\n", "No such file or directory"),
    ],
    ids=["killed when asked", "killed at work", "cannot be started"],
)
def test_trouble_with_a_newer_python_is_said(tmp_path: Path, script: str, trouble: str) -> None:
    write(tmp_path, TOO_NEW, ">=3.99")
    newer = install(tmp_path / "bin", script)

    done = run(tmp_path, path=newer)

    assert "The project asks for Python 3.99" in done.stdout
    assert done.stderr == f"{newer / 'python3.99'} was not used: {trouble}.\n"


@pytest.mark.parametrize(
    ("declared", "minor"),
    [
        (">=3.11", 11),
        (">= 3.14, <4", 14),
        ("<4,>=3.13", 13),
        ("~=3.12.1", 12),
        ("==3.14.*", 14),
        ("<3.15", None),
        (">=3", None),
    ],
)
def test_the_oldest_python_of_a_project_is_known(
    tmp_path: Path, declared: str, minor: int | None
) -> None:
    assert wanted_minor(write(tmp_path, "", declared)) == minor


def run(folder: Path, *options: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    running = start(folder, *options, path=path)
    said, warned = running.communicate()
    return subprocess.CompletedProcess(running.args, running.returncode, said, warned)


def start(folder: Path, *options: str, path: Path | None = None) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        *("-m", "groundrules", "check", *options, str(folder)),
    ]
    places = [str(each) for each in (path,) if each] + ["/usr/bin", "/bin"]
    environment = {"PATH": ":".join(places), "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        command, text=True, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
