"""The formats for CI servers, each read as its reader does."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from groundrules.rules import Report, check_project
from groundrules.rules.report.ci import as_gitlab, as_junit
from groundrules.rules.report.formats import as_concise, as_github, as_sarif

CODE = 'def total(prices) -> int: ...\n\n\ndef größe(x): ...  # a < b & "c"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a&b.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return Path()


def check(project: Path) -> Report:
    return check_project(project)


def test_concise_is_a_line_a_finding(project: Path) -> None:
    lines = as_concise(check(project)).splitlines()

    assert [each[:22] for each in lines] == ["app/a&b.py:1:5: GR201 ", "app/a&b.py:4:5: GR201 "]
    (project / "app" / "a&b.py").write_text("# groundrules: ignore[GR201]\n")
    assert as_concise(check(project)) == ""


@pytest.mark.parametrize("number", [10, 11])
def test_github_says_when_it_will_not_show_every_finding(project: Path, number: int) -> None:
    (project / "app" / "a&b.py").write_text("def total(prices) -> int: ...\n" * number)

    lines = as_github(check(project)).splitlines()

    notices = [each for each in lines if each.startswith("::notice")]
    assert len(lines) - len(notices) == number
    assert ["10 of the 11 findings" in each for each in notices] == [True] * (number - 10)


def test_gitlab_gets_what_its_code_quality_report_needs(project: Path) -> None:
    first, second = json.loads(as_gitlab(check(project)))

    assert set(first) == {"description", "check_name", "fingerprint", "severity", "location"}
    assert first["location"] == {"path": "app/a&b.py", "lines": {"begin": 1}}
    assert (first["check_name"], first["severity"]) == ("GR201", "major")
    assert first["fingerprint"] != second["fingerprint"]


def test_gitlab_recognizes_a_finding_that_has_moved(project: Path) -> None:
    before = [each["fingerprint"] for each in json.loads(as_gitlab(check(project)))]
    (project / "app" / "a&b.py").write_text("\n\n# moved\n" + CODE)

    assert [each["fingerprint"] for each in json.loads(as_gitlab(check(project)))] == before
    (project / "app" / "a&b.py").write_text(CODE + CODE)
    fingerprints = [each["fingerprint"] for each in json.loads(as_gitlab(check(project)))]
    assert len(set(fingerprints)) == 4


def test_an_unused_ignore_is_told_to_both(project: Path) -> None:
    (project / "app" / "a&b.py").write_text("# groundrules: ignore[GR402]\n")
    report = check(project)

    (issue,) = json.loads(as_gitlab(report))
    assert (issue["severity"], issue["location"]["lines"]) == ("info", {"begin": 1})
    told = ElementTree.fromstring(as_junit(report)).findtext("testsuite/system-out") or ""
    assert told == f"app/a&b.py:1 {report.unused_ignores[0].message}"


def test_junit_has_a_failed_test_for_each_finding(project: Path) -> None:
    report = check(project)

    root = ElementTree.fromstring(as_junit(report).encode())

    suite = root[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert [each.get("file") for each in suite.iter("testcase")] == ["app/a&b.py"] * 2
    failure = suite.findall("testcase/failure")[1]
    assert failure.get("message") == report.findings[1].message
    assert (failure.text or "").startswith("app/a&b.py:4:5\n`größe` has no type hint")


def test_junit_without_a_finding_is_one_test_that_passes(project: Path) -> None:
    (project / "app" / "a&b.py").write_text("x = 1\n")

    suite = ElementTree.fromstring(as_junit(check(project)))[0]

    assert [(each.get("name"), len(each)) for each in suite] == [("app", 0)]
    assert suite.get("failures") == "0"


def test_sarif_links_to_the_pages_that_a_team_has_published(project: Path) -> None:
    def links() -> set[str | None]:
        rules = json.loads(as_sarif(check(project)))["runs"][0]["tool"]["driver"]["rules"]
        return {each.get("helpUri") for each in rules}

    assert links() == {None}
    (project / "pyproject.toml").write_text(
        '[tool.groundrules]\ndocs-url = "https://example.com/{code}"\n'
    )
    assert "https://example.com/GR201" in links()
    assert None not in links()
