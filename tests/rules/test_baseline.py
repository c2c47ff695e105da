"""A baseline holds back what it lists, and nothing else; and it never lists more than there is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from groundrules.cli import main
from groundrules.rules import check_project

NAME = "groundrules-baseline.toml"
SUMS = "def total(prices) -> int:\n    return sum(prices)\n"
MODEL = "class Cart:\n    def total(self, prices) -> int:\n        return sum(prices)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "sums.py").write_text(SUMS)
    (tmp_path / "app" / "cart.py").write_text(MODEL)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> "Run":
    return Run(capsys, monkeypatch)


class Run:
    """Runs the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys, self._patch = capsys, patch

    def __call__(self, *args: object) -> tuple[int, str, str]:
        """Return the exit status, and what was printed on standard output and standard error."""
        self._patch.setattr(sys, "argv", ["groundrules", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        return int(str(ended.value.code or 0)), out, err

    def found(self, *args: object) -> list[tuple[str, str]]:
        """Return the rules and files of the findings that a check reports."""
        _, out, _ = self("check", "--format", "json", *args)
        return [(each["rule"], each["path"]) for each in json.loads(out)["findings"]]


def test_what_is_in_the_baseline_is_not_reported_and_all_else_is(project: Path, run: Run) -> None:
    assert run("check")[0] == 1
    assert run("baseline")[0] == 0
    status, out, _ = run("check")
    assert (status, out) == (
        0,
        "No findings in 2 files of app. Known and not shown: 2.\n",
    )

    (project / "app" / "more.py").write_text(SUMS)

    assert run.found() == [("GR201", "app/more.py")]
    assert len(run.found("--no-baseline")) == 3


def test_an_attribute_more_is_told_from_those_of_its_class_that_are_known(
    project: Path, run: Run
) -> None:
    model = (
        "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import DeclarativeBase\n\n\n"
        "class Base(DeclarativeBase):\n    pass\n\n\n"
        "class Book(Base):\n    __tablename__ = 'books'\n    id = Column(Integer, primary_key=True)\n"
        "    copies = Column(Integer)\n"
    )
    file = project / "app" / "book.py"
    file.write_text(model)
    run("baseline")

    file.write_text(model.replace("    copies =", "    floor = Column(Integer)\n    copies ="))

    _, out, _ = run("check", "--format", "json", "--select", "GR104")
    assert [(each["line"], each["definition"]) for each in json.loads(out)["findings"]] == [
        (12, "Book.floor")
    ]


def test_the_file_is_sorted_and_says_no_more_than_it_must(project: Path, run: Run) -> None:
    (project / "app" / "sums.py").write_text(SUMS + "\n\n" + SUMS)

    run("baseline")

    text = (project / NAME).read_text()
    assert text.partition("version = 1\n")[2] == (
        '\n[[finding]]\nfile = "app/cart.py"\ndefinition = "Cart.total"\nrule = "GR201"\n'
        '\n[[finding]]\nfile = "app/sums.py"\ndefinition = "total"\nrule = "GR201"\ncount = 2\n'
    )
    run("baseline")
    assert (project / NAME).read_text() == text


def test_what_is_fixed_must_leave_the_baseline(project: Path, run: Run) -> None:
    run("baseline")
    (project / "app" / "sums.py").write_text("x = 1\n")

    status, out, _ = run("check")

    assert status == 1
    assert "GR001 baseline  groundrules-baseline.toml:10" in out
    assert "`total` in app/sums.py, but it is" in " ".join(out.split())
    assert "10 │ [[finding]]" in out
    assert "Removed: 1." in run("baseline")[1]
    assert run("check")[0] == 0


def test_a_file_that_is_gone_must_leave_the_baseline_too(project: Path, run: Run) -> None:
    run("baseline")
    (project / "app" / "sums.py").unlink()

    assert run.found() == [("GR001", NAME)]


def test_a_baseline_grows_only_if_told_to(project: Path, run: Run) -> None:
    run("baseline")
    before = (project / NAME).read_text()
    (project / "app" / "more.py").write_text(SUMS)

    status, out, err = run("baseline")

    assert (status, (project / NAME).read_text()) == (1, before)
    assert out.startswith("app/more.py:1: GR201")
    assert "--grow" in err
    assert run("baseline", "--grow")[0] == 0
    assert run("check")[0] == 0


def test_one_more_of_what_is_listed_is_reported_with_all_of_them(project: Path, run: Run) -> None:
    run("baseline")
    (project / "app" / "sums.py").write_text(SUMS + "\n\n" + SUMS)

    status, out, _ = run("check")

    assert status == 1
    assert out.startswith("GR201 in `total` in app/sums.py is broken by 2 statements")
    assert run.found() == [("GR201", "app/sums.py")] * 2


def test_one_less_of_what_is_listed_is_reported(project: Path, run: Run) -> None:
    (project / "app" / "sums.py").write_text(SUMS + "\n\n" + SUMS)
    run("baseline")
    (project / "app" / "sums.py").write_text(SUMS)

    _, out, _ = run("check", "--format", "concise")
    assert "in app/sums.py, but only 1 of 2 is left." in out
    assert len(out.splitlines()) == 1


def test_reasons_are_kept(project: Path, run: Run) -> None:
    run("baseline")
    path = project / NAME
    reason = 'reason = "the \\"old\\" API,\\nuntil May \\u007f"'
    path.write_text(path.read_text().replace('rule = "GR201"', f'rule = "GR201"\n{reason}', 1))
    before = path.read_text()

    assert run("baseline")[0] == 0

    assert path.read_text() == before
    assert run("check")[0] == 0


def test_an_ignored_finding_is_none(project: Path, run: Run) -> None:
    run("baseline")
    ignored = SUMS.replace("int:", "int:  # groundrules: ignore[GR201]")
    (project / "app" / "sums.py").write_text(ignored)

    assert run.found() == [("GR001", NAME)]


def test_rules_that_are_not_checked_are_not_judged(project: Path, run: Run) -> None:
    run("baseline")

    assert run.found("--select", "GR4") == []
    (project / "pyproject.toml").write_text('[tool.groundrules]\nignore = ["GR201"]\n')
    assert run.found() == []
    before = (project / NAME).read_text()
    run("baseline")
    assert (project / NAME).read_text() == before


def test_a_file_that_cannot_be_read_hides_no_entry(project: Path, run: Run) -> None:
    run("baseline")
    (project / "app" / "sums.py").write_text("def (\n")

    assert run.found() == [("GR000", "app/sums.py")]
    assert run("baseline")[0] == 1


def test_another_package_beside_it_is_not_judged(project: Path, run: Run) -> None:
    (project / "other").mkdir()
    (project / "other" / "main.py").write_text("import fastapi\n" + SUMS)
    run("baseline", "--package", "app")
    run("baseline", "--package", "other", "--grow")
    assert (project / NAME).read_text().count("[[finding]]") == 3

    assert run("check", "--package", "app")[0] == run("check", "--package", "other")[0] == 0
    (project / "other" / "main.py").write_text("import fastapi\n")
    assert run("check", "--package", "app")[0] == 0
    assert run.found("--package", "other") == [("GR001", NAME)]


def test_it_is_found_from_each_folder_and_can_be_named(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("baseline")
    assert run("check", "app")[0] == 0
    monkeypatch.chdir(project / "app")
    assert run("check")[0] == run("check", "..")[0] == run("check", project)[0] == 0

    (project / NAME).rename(project / "accepted.toml")
    assert run("check")[0] == 1
    assert run("check", "--baseline", "../accepted.toml")[0] == 0
    (project / "pyproject.toml").write_text('[tool.groundrules]\nbaseline = "accepted.toml"\n')
    assert run("check")[0] == 0
    assert run("baseline")[1].startswith("../accepted.toml lists 2 findings")


def test_without_a_finding_there_is_no_baseline(project: Path, run: Run) -> None:
    for each in ("sums", "cart"):
        (project / "app" / f"{each}.py").write_text("x = 1\n")

    assert run("baseline") == (0, "There are no findings, so that no baseline is needed.\n", "")
    assert not (project / NAME).exists()


ENTRY = '[[finding]]\nfile = "app/sums.py"\ndefinition = "total"\nrule = "GR201"\n'
BROKEN = {
    "conflict": (f"version = 1\n<<<<<<< HEAD\n{ENTRY}", "merge conflict markers (line 2)"),
    "other side": (f"version = 1\n=======\n{ENTRY}>>>>>>> main\n", "conflict markers (line 2)"),
    "not TOML": ("version = 1\n[[finding\n", "does not parse as TOML"),
    "nested too deeply": ("x = " + "[" * 5000, "does not parse as TOML"),
    "another tool's": ('[tool.ruff]\nselect = ["E"]\n', "is not a baseline"),
    "empty": ("", "is not a baseline"),
    "a list of numbers": ("version = 1\nfinding = [1]\n", "is not a baseline"),
    "newer": ("version = 2\n", "newer version of groundrules"),
    "twice": (f"version = 1\n{ENTRY}{ENTRY}", "the same entry twice, on lines 2 and 6"),
    "a key": (f"version = 1\n{ENTRY}line = 3\n", "line 2: an entry has no key `line`"),
    "a number": (f'version = 1\n{ENTRY}count = "2"\n', "`count` must be a number"),
    "a truth": (f"version = 1\n{ENTRY}count = true\n", "`count` must be a number"),
    "none": (f"version = 1\n{ENTRY}count = 0\n", "`count` must be at least 1"),
    "no rule": ('version = 1\n[[finding]]\nfile = "a.py"\n', "has no `rule`"),
    "a reason": (f"version = 1\n{ENTRY}reason = 1\n", "`reason` must be a string"),
    "not UTF-8": ("version = 1 # \udcff\n", "is not UTF-8"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_baseline_is_one_sentence(project: Path, run: Run, text: str, said: str) -> None:
    (project / NAME).write_text(text, errors="surrogateescape")

    for command in ("check", "baseline"):
        status, out, err = run(command)

        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert said in err
    assert (project / NAME).read_text(errors="surrogateescape") == text


def test_a_missing_baseline_is_one_sentence(project: Path, run: Run) -> None:
    status, _, err = run("check", "--baseline", "missing.toml")

    assert (status, err) == (
        2,
        "The baseline missing.toml does not exist: `groundrules baseline` writes one.\n",
    )
    (project / NAME).mkdir()
    assert run("check")[2] == f"The baseline {NAME} cannot be read: is a directory.\n"


def test_an_entry_for_a_rule_that_is_gone_is_one_sentence(project: Path, run: Run) -> None:
    run("baseline")
    with (project / NAME).open("a") as file:
        file.write(ENTRY.replace("GR201", "GR999"))

    _, out, _ = run("check", "--format", "concise")

    assert out.splitlines() == [
        f"{NAME}:14:1: GR001 The baseline lists GR999 in `total` in app/sums.py, but there is no "
        "such rule. Run `groundrules baseline`, which updates the file, and commit it."
    ]
    assert "Removed: 1." in run("baseline")[1]
    assert run("check")[0] == 0


def test_a_suite_of_the_course_honours_no_baseline(project: Path, run: Run) -> None:
    run("baseline")

    report = check_project(project, package="app", honour_ignores=False, every_file=True)

    assert len([each for each in report.findings if each.rule == "GR201"]) == 2


def test_what_a_file_is_called_cannot_break_the_baseline(project: Path, run: Run) -> None:
    (project / "app" / 'o"d\\d\n\x7f.py').write_text(SUMS)
    (project / "app" / "sums.py").write_text(SUMS.replace("total", "größe"))
    run("baseline")

    assert run("check")[0] == 0


def test_the_places_of_a_finding_are_those_of_the_code(project: Path) -> None:
    (project / "app" / "sums.py").write_text(
        "class A:\n    class B:\n        @staticmethod\n        def c(\n            x\n        ):\n"
        "            def d(y): ...\n            return d\n"
    )

    found = {each.line: each.definition for each in check_project(project).findings}

    assert found == {2: "Cart.total", 4: "A.B.c", 7: "A.B.c.d"}


def test_the_file_stays_as_it_was_if_it_cannot_be_written(project: Path) -> None:
    """A process without rights to the folder says so, and the file is whole."""
    command = [sys.executable, "-m", "groundrules", "baseline"]

    done = subprocess.run(
        [*command, "--baseline", "missing/folder.toml"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "missing/folder.toml cannot be written" in done.stderr
