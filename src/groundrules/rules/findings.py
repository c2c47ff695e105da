"""What a check gives back."""

from dataclasses import dataclass

UNREADABLE = "GR000"
STALE = "GR001"  # an entry of a baseline for what is not found any more


@dataclass(frozen=True, order=True)
class Finding:
    """One place where a rule is broken.

    :param path: relative to the folder that was checked, with forward slashes.
    :param line: counted from 1, as is `column`.
    :param end_column: the column after the last character to point at, on the same line.
    :param docs: the page that explains the rule, relative to the project's root.
    :param definition: the dotted name of what is around it, down to an attribute; empty at the top of a file.
    :param statement: the line on which its statement, or its decorator, begins.
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
    definition: str = ""
    statement: int = 0


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
class OwnRule:
    """A rule that the project adds, as reports describe it."""

    code: str
    name: str
    why: str
    fix: str
    docs: str


@dataclass(frozen=True)
class Report:
    """The outcome of one check; `findings` are sorted by place.

    :param root: the folder that was checked, as it was named.
    :param package: the application package.
    :param files: how many Python files there are, and `unread` how many of them could not be read.
    :param notes: what is to be known before anything else, as sentences.
    :param rules: the codes that were checked.
    :param own: the rules that the project adds.
    :param docs_url: the address of a rule's page, with `{code}` for its code; empty if none is known.
    :param held: how many findings a baseline holds back.
    :param folder: that of the package, relative to `root`; `read` and `broken` are files, relative to it too.
    """

    root: str
    package: str
    files: int
    findings: tuple[Finding, ...]
    unused_ignores: tuple[UnusedIgnore, ...] = ()
    unread: int = 0
    notes: tuple[str, ...] = ()
    docs_url: str = ""
    held: int = 0
    rules: tuple[str, ...] = ()
    folder: str = ""
    read: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    own: tuple[OwnRule, ...] = ()
