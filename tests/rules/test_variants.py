"""Many ways to break a rule and to keep it, in files that read quickly: see `variants/README.md`."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from groundrules.rules import check_project
from groundrules.rules.catalogue.samples import LIBRARY

FOLDER = Path(__file__).parent / "variants"


@dataclass(frozen=True)
class Variant:
    """A small project, and the places in it where one rule must find something."""

    rule: str
    title: str
    places: list[str]
    files: dict[str, str]


def variants() -> Iterator[Variant]:
    for file in sorted(FOLDER.glob("GR*.txt")):
        if file.stem.endswith("-3.12") and sys.version_info < (3, 12):
            continue
        for block in re.split(r"^=== ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            head, _, rest = block.partition("\n")
            title, _, places = head.partition("|")
            yield Variant(file.stem[:5], title.strip(), places.split(), files_of(rest))


def files_of(text: str) -> dict[str, str]:
    found = dict[str, str]()
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        path, _, content = part.partition("\n")
        if path.strip() == "library":
            found.update({name: dedent(each).lstrip("\n") for name, each in LIBRARY.items()})
        else:
            found[path.strip()] = content
    return found


@pytest.mark.parametrize("variant", list(variants()), ids=lambda each: f"{each.rule} {each.title}")
def test_a_rule_finds_what_it_must_and_nothing_else(variant: Variant, tmp_path: Path) -> None:
    for path, text in variant.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    report = check_project(tmp_path, select=[variant.rule], honour_ignores=False)

    assert [f"{each.path}:{each.line}" for each in report.findings] == variant.places
