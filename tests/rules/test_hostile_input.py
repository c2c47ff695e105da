"""Files that nobody should have to read: each costs one finding, and the rest is still checked."""

import os
from pathlib import Path
from typing import get_args

import pytest

from groundrules.rules import check_project
from groundrules.rules.command import run_check
from groundrules.rules.options import Check
from groundrules.terminal import Format

UNHINTED = "def total(prices) -> int:\n    return sum(prices)\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "sums.py").write_text(UNHINTED)
    return folder


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"LIMIT = 1\ndef broken(:\n", 2, "does not parse: invalid syntax"),
        (b"LIMIT = 1\0\n", 1, "null bytes"),
        (b"# -*- coding: klingon -*-\n", 1, "unknown encoding"),
        (b"LIMIT = 1\n# caf\xe9\n", 2, "is not UTF-8: save it in that encoding"),
        (b"LIMIT = 1\nNAME = '\xff'\n", 2, "is not UTF-8"),
        (b"DEEP = " + b"(" * 5000 + b")" * 5000, 1, "nested"),
        (b"DEEP = " + b"-" * 100_000 + b"1", 1, "nested too deeply"),
    ],
)
def test_a_file_that_does_not_parse_is_one_finding(
    app: Path, content: bytes, line: int, said: str
) -> None:
    (app / "broken.py").write_bytes(content)

    report = check_project(app.parent)

    broken, other = report.findings
    assert (broken.rule, broken.path, broken.line) == ("GR000", "app/broken.py", line)
    assert said in broken.message
    assert (other.rule, other.path) == ("GR201", "app/sums.py")
    assert report.files == 2


@pytest.mark.parametrize(
    "content",
    [
        b"# -*- coding: latin-1 -*-\ndef gr\xf6sse(x) -> int: ...\n",
        b"\xef\xbb\xbf\ndef size(x) -> int: ...\n",
        b"LIMIT = 1\r\ndef size(x) -> int: ...\r\n",
        b"LIMIT = 1\rdef size(x) -> int: ...\r",
    ],
    ids=["latin-1", "byte order mark", "windows", "old mac"],
)
def test_encodings_and_line_ends_keep_lines_and_columns_right(app: Path, content: bytes) -> None:
    (app / "other.py").write_bytes(content)

    found = [each for each in check_project(app.parent).findings if each.path == "app/other.py"]

    assert [(each.rule, each.line, each.column) for each in found] == [("GR201", 2, 5)]


def test_a_link_to_a_folder_above_is_not_followed_for_ever(app: Path) -> None:
    (app / "again").symlink_to(app, target_is_directory=True)

    assert [each.path for each in check_project(app.parent).findings] == ["app/sums.py"]


def test_a_link_to_nothing_and_a_pipe_are_findings(app: Path) -> None:
    (app / "gone.py").symlink_to(app / "nowhere.py")
    os.mkfifo(app / "pipe.py")

    report = check_project(app.parent)

    assert [(each.rule, each.path) for each in report.findings] == [
        ("GR000", "app/gone.py"),
        ("GR000", "app/pipe.py"),
        ("GR201", "app/sums.py"),
    ]


def test_classes_and_names_that_refer_to_each_other_in_a_circle_end(app: Path) -> None:
    (app / "circle.py").write_text(
        "class A(B): ...\nclass B(A): ...\nx = y\ny = x\n@x.get('/')\nasync def f() -> A: ...\n"
    )
    (app / "one.py").write_text("from app.two import *\nfrom app.two import name\n")
    (app / "two.py").write_text(
        "from app.one import *\nfrom app.one import name\nname.get('/')(name)\n"
    )

    assert [each.path for each in check_project(app.parent).findings] == ["app/sums.py"]


def test_sums_unions_and_families_of_great_length_end(app: Path) -> None:
    sum_of_texts = " + ".join(['"sqlite:///"', *['"a"'] * 2000])
    union = " | ".join([*["int"] * 2000, "Session"])
    family = "".join(f"class B{each + 1}(B{each}): ...\n" for each in range(300))
    (app / "long.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase, Session\n"
        f"URL = {sum_of_texts}\n"
        f"HELD: {union} = 1\n"
        f"class B0(DeclarativeBase): ...\n{family}"
    )

    report = check_project(app.parent, select=["GR102", "GR103", "GR402"])

    found = [each.rule for each in report.findings]
    assert (found.count("GR102"), found.count("GR103"), found.count("GR402")) == (1, 1, 300)


def test_functions_without_hints_that_all_call_each_other_end(app: Path) -> None:
    calls = "\n".join(f"    first.step{each}(first.get().get(), second)" for each in range(40))
    steps = "\n\n".join(f"def step{each}(first, second):\n{calls}" for each in range(40))
    (app / "steps.py").write_text(steps)

    report = check_project(app.parent, select=["GR201", "GR203"])

    assert sum(each.path == "app/steps.py" for each in report.findings) == 40


def test_coroutines_that_go_a_long_way_end(app: Path) -> None:
    variables = "\n".join(f"    v{each + 1} = v{each}" for each in range(600))
    choices = "1 if 2 else " * 200
    attributes = ".a" * 900
    (app / "long.py").write_text(
        "from sqlalchemy.ext.asyncio import AsyncSession as Session\n"
        "async def save(db: Session) -> None: await db.commit()\n"
        f"async def passed(db: Session) -> None:\n    v0 = save(db)\n{variables}\n"
        f"async def chosen(db: Session) -> None: {choices} save(db)\n"
        f"async def far(db: Session) -> None: db{attributes}.save(db)\n"
        f"async def many(db: Session) -> {' | '.join(['int'] * 2000)}: return save(db)\n"
    )

    report = check_project(app.parent, select=["GR203"])

    assert [each.line for each in report.findings] == [605, 607]


def test_warnings_of_the_compiler_are_not_shown(app: Path) -> None:
    (app / "escape.py").write_text("PATTERN = '\\d'\nassert (1, 'always true')\n")

    assert [each.path for each in check_project(app.parent).findings] == ["app/sums.py"]


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"[project\n", 1), (b"[project]\nname = 'x'\nname = 'y'\n", 3), (b"name = '\xff'", 1)],
)
def test_a_broken_pyproject_is_one_finding(app: Path, content: bytes, line: int) -> None:
    (app.parent / "pyproject.toml").write_bytes(content)

    found = [each for each in check_project(app.parent).findings if each.rule != "GR201"]

    assert [(each.rule, each.path, each.line) for each in found] == [
        ("GR000", "pyproject.toml", line)
    ]


def test_functions_that_call_each_other_again_and_again_are_followed_to_an_end(app: Path) -> None:
    calls = "a = f{1}(x)\n    b = f{1}(a)\n    return f{1}(b)\n"
    chain = "".join(f"def f{n}(x):\n    " + calls.replace("{1}", str(n + 1)) for n in range(300))
    circle = "def f300(x):\n    return f0(x)\n"
    (app / "chain.py").write_text(chain + circle)
    (app / "api").mkdir()
    (app / "api" / "items.py").write_text(
        "from fastapi import APIRouter\n"
        "from app.chain import f0\n"
        "router = APIRouter()\n"
        '@router.post("/items")\n'
        "async def items(x: int) -> dict[str, int]:\n"
        '    """Begin the chain."""\n'
        '    return {"access_token": f0(x)}\n'
    )

    report = check_project(app.parent)

    assert {each.rule for each in report.findings} == {"GR201"}


def test_long_conditions_and_sums_in_a_handler_end(app: Path) -> None:
    (app / "api").mkdir()
    tests = "".join(f"    elif x == {n}:\n        return {n}\n" for n in range(900))
    (app / "api" / "items.py").write_text(
        "from fastapi import APIRouter, HTTPException\n"
        "router = APIRouter()\n"
        '@router.get("/items")\n'
        "async def items(x: int) -> int:\n"
        '    """Choose, and sum up."""\n'
        "    if x == -1:\n        return 0\n"
        f"{tests}"
        f"    code = {'400 if x else ' * 300}404\n"
        "    if x:\n        raise HTTPException(code)\n"
        f"    return {' + '.join('x' * 2000)}\n"
    )

    report = check_project(app.parent, ignore=["GR201"])

    assert [(each.rule, each.line) for each in report.findings] == [("GR304", 1811)]


@pytest.mark.slow
def test_ten_thousand_files_are_read_and_a_file_of_fifty_thousand_lines(app: Path) -> None:
    for number in range(10_000):
        folder = app / f"part{number % 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"sums{number}.py").write_text(f"from app.sums import total\nLIMIT = {number}\n")
    functions = "".join(f"def f{n}() -> int:\n    return f{n - 1}()\n" for n in range(24_999))
    (app / "long.py").write_text(f"{functions}def last(x) -> int:\n    return x\n")

    report = check_project(app.parent)

    assert report.files == 10_002
    assert [(each.rule, each.path, each.line) for each in report.findings] == [
        ("GR201", "app/long.py", 49_999),
        ("GR201", "app/sums.py", 1),
    ]


def test_an_unreadable_file_and_folder_cost_no_more_than_themselves(
    app: Path,
) -> None:
    (app / "secret.py").write_text(UNHINTED)
    (app / "secrets").mkdir()
    (app / "secrets" / "sums.py").write_text(UNHINTED)
    if os.geteuid() == 0:
        pytest.skip("root may read everything.")
    (app / "secret.py").chmod(0)
    (app / "secrets").chmod(0)
    try:
        report = check_project(app.parent)
    finally:
        (app / "secrets").chmod(0o700)

    assert [(each.rule, each.path) for each in report.findings] == [
        ("GR000", "app/secret.py"),
        ("GR201", "app/sums.py"),
    ]


def test_files_and_folders_that_vanish_while_they_are_read_are_findings_or_nothing(
    app: Path,
) -> None:
    (app / "old").mkdir()
    for name in ("zebra.py", "old/sums.py"):
        (app / name).write_text(UNHINTED)

    def vanish(number: int, total: int) -> None:
        if number == 1:
            (app / "zebra.py").unlink()
            (app / "old" / "sums.py").unlink()
            (app / "old").rmdir()

    report = check_project(app.parent, progress=vanish)

    assert [(each.rule, each.path) for each in report.findings] == [
        ("GR000", "app/old/sums.py"),
        ("GR201", "app/sums.py"),
        ("GR000", "app/zebra.py"),
    ]


def test_links_that_lead_to_each_other_are_findings(app: Path) -> None:
    (app / "one.py").symlink_to(app / "two.py")
    (app / "two.py").symlink_to(app / "one.py")

    assert [(each.rule, each.path) for each in check_project(app.parent).findings] == [
        ("GR000", "app/one.py"),
        ("GR201", "app/sums.py"),
        ("GR000", "app/two.py"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "def f() -> None:\n" + "".join(f"{'    ' * n}if 1:\n" for n in range(1, 99)) + "    " * 99,
        "x = " + "[" * 150 + "]" * 150,
        "x = a" + ".b" * 3000,
        "x = f" + "()" * 1500,
        "x = " + "lambda: " * 300 + "1",
        "".join(f"{'    ' * n}def f{n}() -> int:\n" for n in range(90)) + "    " * 90,
    ],
    ids=["blocks", "lists", "attributes", "calls", "lambdas", "functions"],
)
def test_deep_nesting_is_read_or_a_finding(app: Path, text: str) -> None:
    (app / "deep.py").write_text(f"{text.rstrip(' ')}{'pass' if text.endswith(' ') else ''}\n")

    found = [each for each in check_project(app.parent).findings if each.path != "app/sums.py"]

    assert {each.rule for each in found} <= {"GR000", "GR205"}


def test_a_comma_that_is_missing_is_asked_for_where_it_should_stand(app: Path) -> None:
    (app.parent / "pyproject.toml").write_text('[project]\ndependencies = ["fastapi" "uvicorn"]\n')

    [found] = [each for each in check_project(app.parent).findings if each.rule != "GR201"]

    assert (found.line, found.column) == (2, 27)
    assert found.message.endswith("Unclosed array; is a comma missing before this place?")


def test_poetrys_notation_is_called_by_its_name(app: Path) -> None:
    (app.parent / "pyproject.toml").write_text('[project]\nrequires-python = "^3.11"\n')

    [found] = [each for each in check_project(app.parent).findings if each.rule == "GR101"]

    assert found.message == (
        '`requires-python = "^3.11"` is not a valid set of Python versions: `^` is Poetry\'s notation.'
    )


def test_where_only_the_return_has_no_hint_the_fix_speaks_of_that_alone(app: Path) -> None:
    (app / "sums.py").write_text("def one(a: int): ...\n\n\ndef two(a): ...\n")

    one, two = check_project(app.parent).findings

    assert one.fix == "Write `-> TYPE` before the colon: what comes back, or `None`."
    assert "`limit: int`" in two.fix


@pytest.mark.parametrize("output", get_args(Format))
def test_what_a_terminal_would_obey_is_shown_and_not_sent(
    app: Path, output: Format, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "\033[2Jodd\n.py").write_text("def f(a): return '\033[31m'\n")

    run_check(Check([app.parent], format=output, no_cache=True))

    told = capsys.readouterr().out
    assert "\033" not in told
    assert "odd" in told
