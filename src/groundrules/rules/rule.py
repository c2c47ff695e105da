"""What a rule is, and what it is given to judge."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groundrules.rules.cases import Case, Pair

if TYPE_CHECKING:
    from groundrules.rules.facts.project import Project


@dataclass(frozen=True)
class Violation:
    """A place where a rule is broken, in the words of the code it is about.

    :param column: counted from 1, as are the lines; `end_column` is the one after the last.
    :param fix: the smallest change that mends it, where the rule's own says too much.
    """

    path: str
    line: int
    column: int
    end_column: int
    message: str
    fix: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue.

    :param clause: the id in `docs/spec.md` of the clause it checks.
    :param summary: what it asks for, as a sentence.
    :param rationale: one sentence that says why the rule exists.
    :param fix: the smallest change that satisfies it.
    :param page: the page that explains it, if it is not the tool's own.
    :param pair: code that breaks it, and the same code fixed, for its page.
    :param undecided: what it leaves to a reviewer, because the code alone does not tell, each as a phrase.
    """

    code: str
    name: str
    clause: str
    summary: str
    rationale: str
    fix: str
    check: "Callable[[Project], Iterator[Violation]]"
    pair: Pair
    invalid: tuple[Case, ...]
    valid: tuple[Case, ...]
    valid_alternative: tuple[Case, ...]
    page: str = ""
    undecided: tuple[str, ...] = ()

    @property
    def docs(self) -> str:
        """The page that explains the rule, relative to the root of the project that the rule belongs to."""
        return self.page or f"docs/rules/{self.code}.md"
