"""What a check gives back."""

from dataclasses import dataclass

UNREADABLE = "GR000"


@dataclass(frozen=True, order=True)
class Finding:
    """One place where a rule is broken.

    :param path: relative to the folder that was checked, with forward slashes.
    :param line: counted from 1, as is `column`.
    :param end_column: the column after the last character to point at, on the same line.
    :param docs: the page that explains the rule, relative to the project's root.
    """

    path: str
    line: int
    column: int
    rule: str
    name: str
    message: str
    why: str
    fix: str
    docs: str
    end_column: int


@dataclass(frozen=True, order=True)
class UnusedIgnore:
    """A `# groundrules: ignore[…]` comment that silences nothing for this rule."""

    path: str
    line: int
    rule: str

    @property
    def message(self) -> str:
        """What to do about it, as a sentence."""
        return f"This ignores {self.rule}, but there is no such finding: remove it."


@dataclass(frozen=True)
class Report:
    """The outcome of one check; `findings` are sorted by place.

    :param root: the folder that was checked, as it was named.
    :param package: the application package.
    :param files: how many Python files there are, and `unread` how many of them could not be read.
    :param notes: what is to be known before anything else, as sentences.
    """

    root: str
    package: str
    files: int
    findings: tuple[Finding, ...]
    unused_ignores: tuple[UnusedIgnore, ...] = ()
    unread: int = 0
    notes: tuple[str, ...] = ()
