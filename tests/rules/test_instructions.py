"""The rules for coding agents: written between two markers, and kept up to date."""

import subprocess
import sys
from pathlib import Path

import pytest

from groundrules.rules.instructions import BEGIN, END
from groundrules.rules.registry import all_rules


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def rules(*args: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "groundrules", "rules", *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_new_file_has_every_rule_with_its_pair(folder: Path) -> None:
    assert rules("--as-instructions", "AGENTS.md") == (0, "AGENTS.md contains the rules now.\n")

    text = (folder / "AGENTS.md").read_text()
    assert text.startswith(BEGIN)
    assert text.endswith(f"{END}\n")
    lines = text.splitlines()
    for rule in all_rules():
        assert any(
            line.startswith(f"- **{rule.code} {rule.name}**: {rule.summary}") for line in lines
        )
        for shown in (rule.pair.wrong, rule.pair.right):
            for code in shown.files.values():
                for line in filter(str.strip, code.splitlines()):
                    assert f"  {line}".rstrip() in lines
    assert text.count("  ```") % 2 == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_rest_of_the_file_stays_as_it_is(folder: Path, end: str) -> None:
    file = folder / "AGENTS.md"
    file.write_bytes(f"# Ours{end}{end}Größe{end}".encode())
    rules("--as-instructions", "AGENTS.md")
    with file.open("ab") as stream:
        stream.write(f"{end}after".encode())
    whole = file.read_bytes()
    assert whole.startswith(f"# Ours{end}{end}Größe{end}{end}{BEGIN}{end}".encode())
    assert whole.count(b"\n") == whole.count(end.encode())

    assert rules("--as-instructions", "AGENTS.md") == (0, "AGENTS.md is up to date.\n")

    assert file.read_bytes() == whole
    file.write_bytes(whole.replace(b"GR202", b"GR999"))
    rules("--as-instructions", "AGENTS.md")
    assert file.read_bytes() == whole


def test_a_check_fails_when_it_is_out_of_date_and_writes_nothing(folder: Path) -> None:
    command = ("--as-instructions", "AGENTS.md", "--check")
    assert rules(*command)[0] == 1
    assert not (folder / "AGENTS.md").exists()

    rules("--as-instructions", "AGENTS.md")
    assert rules(*command)[0] == 0
    (folder / "pyproject.toml").write_text('[tool.groundrules]\nignore = ["GR2"]\n')
    status, told = rules(*command)
    assert (status, len(told.splitlines())) == (1, 1)
    assert "is out of date: run `groundrules rules --as-instructions AGENTS.md`" in told


def test_the_settings_decide_what_is_written(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.groundrules]\nselect = ["GR5", "GR303"]\nstatus-codes = [409]\n'
        'folders = {api = ["routers"]}\n'
    )

    rules("--as-instructions", "AGENTS.md")

    text = (folder / "AGENTS.md").read_text()
    assert text.count("- **GR") == 4
    assert "This project allows 409 too." in text
    assert "a module of the `routers` package" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BEGIN, "must have the marker"),
        (END, "must have the marker"),
        (f"{END}\n{BEGIN}", "must have the marker"),
        (f"{BEGIN}{END}{BEGIN}{END}", "must have the marker"),
        ("\udcff", "is not UTF-8"),
    ],
)
def test_a_broken_file_stays_and_is_one_sentence(folder: Path, text: str, said: str) -> None:
    file = folder / "AGENTS.md"
    file.write_text(text, errors="surrogateescape")

    status, told = rules("--as-instructions", "AGENTS.md")

    assert (status, len(told.splitlines())) == (2, 1)
    assert said in told
    assert file.read_text(errors="surrogateescape") == text


@pytest.mark.parametrize(
    "args",
    [
        ("--check",),
        ("GR201", "--as-instructions", "AGENTS.md"),
        ("--as-instructions", "missing/AGENTS.md"),
        ("--as-instructions", "."),
    ],
)
def test_what_cannot_be_written_is_one_sentence(folder: Path, args: tuple[str, ...]) -> None:
    status, told = rules(*args)

    assert (status, len(told.splitlines())) == (2, 1)
