"""Which sets of Python versions hold a final release below 3.11."""

import pytest

from groundrules.rules.source.versions import NotASpecifier, newest_too_old


@pytest.mark.parametrize(
    "text",
    [
        *(">=3.11", ">=3.11,<4", "~=3.11", "~=3.11.2", "==3.11.*", "==3.12", ">3.11", ">=3.11.0a1"),
        *(
            "!=3.10.*,>=3.10",
            ">=3.10,!=3.10.*,!=3.9.*",
            ">3.11.0rc1",
            ">= 3.11 , < 3.14",
            "===3.11.4",
        ),
        *("==4.*", ">=3.100", "~=3.11rc1", ">=3.11.dev0", ">=3.12,<3.11", "==3.10rc1"),
    ],
)
def test_a_set_of_new_enough_versions_holds_none(text: str) -> None:
    assert newest_too_old(text, "3.11", poetry=False) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (">=3.10", "3.10"),
        ("~=3.10", "3.10"),
        ("~=3.9.2", "3.9"),
        (">3.10", "3.10"),
        ("==3.10.4", "3.10"),
        ("!=3.11.*", "3.10"),
        ("", "3.10"),
        ("<4", "3.10"),
        (">=3.10,!=3.10.99", "3.10"),
        ("==2.7.*", "2.7"),
        ("<=3.11", "3.10"),
        (">=3", "3.10"),
        ("===3.8", "3.8"),
        (">=3.10.200", "3.10"),
    ],
)
def test_a_set_with_an_old_version_names_the_newest_python_it_holds(
    text: str, version: str
) -> None:
    assert newest_too_old(text, "3.11", poetry=False) == version


@pytest.mark.parametrize(
    "text",
    [
        *(
            "^3.11",
            "~3.11",
            "3.11.*",
            "^3.11 || ^3.12",
            ">=3.11 <4.0",
            ">=3.11,<4.0",
            "3.11",
            "^3.11.4",
        ),
        *(
            "==3.11.*",
            "~3.12.1",
            "^4",
            ">=3.11,<3.12||>=3.13",
            "~=3.11",
            "^3.11 | ^3.12",
            "^3.11,!=3.12.0",
        ),
    ],
)
def test_poetrys_notation_of_new_enough_versions_holds_none(text: str) -> None:
    assert newest_too_old(text, "3.11", poetry=True) is None


@pytest.mark.parametrize(
    "text",
    [
        *("^3.10", "~3.10", "3.10.*", "3.10", "*", "^3", "~3", "^3.10 || ^3.11", ">=3.11 || 3.8"),
        *(">=3.8,<3.12", ">=3.8 <3.12", "^2.7 || ^3.11", "3.*", "^3.10.2", "!=3.11"),
    ],
)
def test_poetrys_notation_with_an_old_version_is_caught(text: str) -> None:
    assert newest_too_old(text, "3.11", poetry=True) is not None


@pytest.mark.parametrize(
    ("text", "poetry"),
    [("3.11", False), (">=3.11 or newer", False), ("^3.11", False), ("new", True), (">=", True)],
)
def test_what_is_no_set_of_versions_is_refused(text: str, poetry: bool) -> None:
    with pytest.raises(NotASpecifier):
        newest_too_old(text, "3.11", poetry=poetry)
