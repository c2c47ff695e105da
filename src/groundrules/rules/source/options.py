"""What a team may set for single rules, in place of what the course teaches."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from groundrules.rules.source.tree import Module

FOLDERS = ("api", "core", "models", "schemas")


@dataclass(frozen=True)
class Options:
    """The options of rules.

    :param folders: for a package of the course's layout, the folders that a team has in its place.
    :param status_codes: codes that are agreed on besides those of the course.
    :param complexity: from which on a function needs a docstring.
    :param timestamps: the columns that every model has.
    """

    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    status_codes: frozenset[int] = frozenset()
    complexity: int = 6
    timestamps: tuple[str, ...] = ("created_at", "updated_at")

    def folder(self, name: str) -> str:
        """Return the first of the folders that a package of the layout may be."""
        return self.folders.get(name, (name,))[0]

    def layer(self, module: Module) -> str | None:
        """Return the package of the layout that a module lies in, by the course's name for it."""
        if module.parts is None or len(module.parts) < 2:
            return None
        inside = "/".join(module.parts)
        for name, folders in self.folders.items():
            if any(inside.startswith(f"{each}/") for each in folders):
                return name
        first = module.parts[0]
        return None if first in self.folders else first

    def reworded(self, fix: str, code: str) -> str:
        """Return the fix of a rule, as it is with these options."""
        for name in self.folders:
            fix = fix.replace(f"`{name}` package", f"`{self.folder(name)}` package")
        if code == "GR502" and self.status_codes:
            more = ", ".join(map(str, sorted(self.status_codes)))
            fix += f" This project allows {more} too."
        return fix
