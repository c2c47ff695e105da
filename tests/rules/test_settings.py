"""What silences a rule: comments, settings, and options; and that a suite honours none of them."""

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from groundrules.rules import CheckError, UnusedIgnore, check_project

ROOT = Path(__file__).parents[2]
UNHINTED = "def total(prices) -> int:  {comment}\n    return sum(prices)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "sums.py").write_text(UNHINTED.format(comment="# adds"))
    return tmp_path


def codes(project: Path, *, honour_ignores: bool = True) -> list[str]:
    return [each.rule for each in check_project(project, honour_ignores=honour_ignores).findings]


@pytest.mark.parametrize("listed", ["GR201", "GR204, GR201", "gr201"])
def test_a_comment_silences_a_rule_on_its_line(project: Path, listed: str) -> None:
    comment = f"# groundrules: ignore[{listed}]"
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert codes(project) == []
    assert codes(project, honour_ignores=False) == ["GR201"]


def test_a_string_that_looks_like_such_a_comment_silences_nothing(project: Path) -> None:
    text = 'def f(x="# groundrules: ignore[GR201]") -> None: ...\n'
    (project / "app" / "sums.py").write_text(text)

    assert codes(project) == ["GR201"]


def test_a_comment_that_silences_nothing_is_reported_as_such(project: Path) -> None:
    comment = "# groundrules: ignore[GR201, GR204, GR999]"
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    report = check_project(project)

    assert report.unused_ignores == (
        UnusedIgnore("app/sums.py", 1, "GR204"),
        UnusedIgnore("app/sums.py", 1, "GR999"),
    )


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore[override]  # groundrules: ignore[GR201]",
        "# groundrules: ignore[GR201]  # type: ignore[override]",
        "# noqa: E501 # groundrules: ignore[GR201] # pragma: no cover",
        "# as the team agreed; groundrules: ignore[GR402], groundrules: ignore[GR201]",
        "#groundrules:ignore[ gr201 ]",
    ],
)
def test_an_ignore_counts_anywhere_in_a_comment(project: Path, comment: str) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert codes(project) == []


@pytest.mark.parametrize(
    "comment", ["# my-groundrules: ignore[GR201]", "# groundrules: ignore", "# ignore[GR201]"]
)
def test_what_is_no_ignore_silences_nothing(project: Path, comment: str) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert codes(project) == ["GR201"]


def test_a_comment_for_a_rule_that_is_not_checked_is_not_unused(project: Path) -> None:
    comment = "# groundrules: ignore[GR204]"
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert check_project(project, select=["GR201"]).unused_ignores == ()


def test_settings_silence_a_rule_but_not_in_a_suite(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.groundrules]\nignore = ["GR201"]\n')

    assert codes(project) == []
    assert codes(project, honour_ignores=False) == ["GR201"]


def test_settings_name_the_package(project: Path) -> None:
    (project / "app").rename(project / "service")
    (project / "pyproject.toml").write_text('[tool.groundrules]\npackage = "service"\n')

    assert check_project(project).package == "service"


WRONG = {
    'ignore = "GR201"': "must be a list of codes",
    "ignore = [1]": "must be a list of codes",
    'ignore = [""]': "must be a list of codes",
    "package = 1": "`package` of .* must be a string",
    'package = " "': "`package` of .* must be a string",
    "strict = true": "unknown key `strict`",
    'select = ["GR999"]': "no rule GR999",
    'select = ["GR2011"]': "no rule GR2011",
    'ignore = ["E501"]': "no rule E501",
    "select = []": "`select` of .* is empty",
    'exclude = "app"': "`exclude` of .* must be a list of paths",
    'exclude = ["/app"]': "paths must be relative",
    'exclude = ["../app"]': "paths must be relative",
    'exclude = ["./"]': "paths must be relative",
    "per-file-ignores = []": "must be a table of patterns",
    'per-file-ignores = {"app/*" = "GR201"}': "must be a table of patterns",
    'per-file-ignores = {"app/*" = ["GR9"]}': "no rule GR9",
    'per-file-ignores = {"/app/*" = ["GR2"]}': "paths must be relative",
    "folders = []": "`folders` of .* must be a table of api",
    'folders = {views = ["routers"]}': "`folders` of .* must be a table of api",
    'folders = {api = "routers"}': "`folders` of .* must be a table of api",
    "folders = {api = []}": "`folders` of .* must be a table of api",
    'folders = {api = ["/routers"]}': "paths must be relative",
    "status-codes = [42]": "must be a list of numbers",
    'status-codes = ["409"]': "must be a list of numbers",
    "status-codes = 409": "must be a list of numbers",
    "complexity = 1": "must be a whole number",
    "complexity = true": "must be a whole number",
    'complexity = "10"': "must be a whole number",
    "timestamps = []": "must be a list of column names",
    'timestamps = ["created at"]': "must be a list of column names",
    "baseline = true": "`baseline` of .* must be a string",
    'own-rules = "lint"': "must be a list of folders",
    'own-rules = ["../lint"]': "paths must be relative",
    'own-rules = ["nothing"]': "neither a folder",
    'docs-url = "https://example.com/rules"': "`docs-url` of .* must be a URL",
    'docs-url = "docs/{code}.md"': "`docs-url` of .* must be a URL",
    'docs-url = "https://example.com/{rule}"': "`docs-url` of .* must be a URL",
}
RIGHT = [
    "",
    'package = "app"',
    'select = ["GR201", "GR4"]',
    'select = ["gr", "GR000"]',
    "ignore = []",
    'ignore = ["GR2"]',
    'exclude = ["app/old", "**/old_*.py", "old.py"]',
    'per-file-ignores = {"app/sums.py" = ["GR2", "GR402"]}',
    "per-file-ignores = {}",
    'baseline = "ci/accepted.toml"',
    'folders = {api = ["routers", "web/endpoints"], models = ["db"]}',
    "status-codes = [409, 422]",
    "complexity = 10",
    'timestamps = ["created", "changed"]',
    "own-rules = []",
    'docs-url = "https://example.com/rules/{code}/"',
]


@pytest.mark.parametrize(("setting", "said"), WRONG.items(), ids=WRONG)
def test_a_wrong_setting_is_rejected(project: Path, setting: str, said: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.groundrules]\n{setting}\n")

    with pytest.raises(CheckError, match=said) as raised:
        check_project(project)

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("setting", RIGHT)
def test_a_right_setting_is_accepted(project: Path, setting: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.groundrules]\n{setting}\n")

    check_project(project)


def test_the_published_schema_says_what_the_code_says(project: Path) -> None:
    schema = json.loads((ROOT / "docs" / "reference" / "groundrules.schema.json").read_text())
    validator = Draft7Validator(schema)
    unknown = (
        "no rule GR9",
        "no rule GR999",
        "no rule E501",
        "neither a folder",
    )  # what there is, the schema cannot know

    assert [each for each in RIGHT if not validator.is_valid(tomllib.loads(each))] == []
    accepted = [each for each in WRONG if validator.is_valid(tomllib.loads(each))]
    assert [each for each in accepted if WRONG[each] not in unknown] == []
    (project / "pyproject.toml").write_text("[tool.groundrules]\nx = 1\n")
    with pytest.raises(CheckError) as raised:
        check_project(project)
    listed = str(raised.value).partition("use ")[2].rstrip(".").replace(" or ", ", ").split(", ")
    assert listed == list(schema["properties"])


@pytest.mark.parametrize(
    "text",
    [
        "[tool.groundrule]",
        "[tool.groundrulse]",
        "[tool.ground-rules]",
        "[tool.GroundRules]",
        "[tools.groundrules]",
        "[groundrules]",
    ],
)
def test_a_misspelt_table_is_rejected(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(f'{text}\nignore = ["GR201"]\n')

    with pytest.raises(CheckError, match=r"is not read: write \[tool.groundrules\]"):
        check_project(project)


@pytest.mark.parametrize(
    "text",
    ["[tool.ruff]", "[tool.rules]", "[tool.groundwork]", "[tool.undergroundrules]", "tool = 1"],
)
def test_the_tables_of_other_tools_are_their_own(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(text)

    assert codes(project) == ["GR201"]


@pytest.mark.parametrize("text", ['groundrules = "x"', "groundrules = []", "groundrules = [{}]"])
def test_what_is_no_table_is_rejected(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool]\n{text}\n")

    with pytest.raises(CheckError, match="must be a table"):
        check_project(project)


@pytest.mark.parametrize(
    ("pattern", "is_left_out"),
    [
        ("app/sums.py", True),
        ("./app/sums.py", True),
        ("app", True),
        ("app/", True),
        ("sums.py", True),
        ("s?ms.py", True),
        ("app/*.py", True),
        ("**/sums.py", True),
        ("**/*.py", True),
        ("app/**", True),
        ("app/**/sums.py", True),
        ("*", True),
        ("ums.py", False),
        ("sum", False),
        ("ap", False),
        ("*/app/sums.py", False),
        ("app/sums", False),
        ("api/**", False),
        ("app/*/sums.py", False),
    ],
)
def test_patterns_leave_files_out_and_in(project: Path, pattern: str, is_left_out: bool) -> None:
    found = [] if is_left_out else ["GR201"]
    for setting in (f'exclude = ["{pattern}"]', f'per-file-ignores = {{"{pattern}" = ["GR20"]}}'):
        (project / "pyproject.toml").write_text(f"[tool.groundrules]\n{setting}\n")

        assert codes(project) == found
        assert [each.rule for each in check_project(project / "app").findings] == found
        assert codes(project, honour_ignores=False) == ["GR201"]


def test_only_the_rules_that_are_named_are_left_out_in_a_file(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.groundrules]\nper-file-ignores = {"app/sums.py" = ["GR4"]}\n'
    )

    assert codes(project) == ["GR201"]


def test_the_beginning_of_codes_stands_for_all_of_them(project: Path) -> None:
    for given, found in (("GR2", ["GR201"]), ("GR20", ["GR201"]), ("GR4", []), ("GR", ["GR201"])):
        assert [each.rule for each in check_project(project, select=[given]).findings] == found
    assert check_project(project, ignore=["GR2"]).findings == ()


def test_findings_link_to_the_page_that_a_team_has_published(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.groundrules]\ndocs-url = "https://example.com/{code}.html"\n'
    )

    (finding,) = check_project(project).findings
    assert finding.docs == "https://example.com/GR201.html"


def test_findings_of_excluded_files_are_left_out(project: Path) -> None:
    assert check_project(project, exclude={"app/sums.py"}).findings == ()
