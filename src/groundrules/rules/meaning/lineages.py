"""Says from which classes a class surely descends, and which descend from it."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.source.tree import Class


@dataclass(frozen=True)
class Lineage:
    """A class and the classes of the project that it descends from, the nearest first.

    :param outside: the full names of the others.
    :param is_whole: whether these are all.
    """

    classes: tuple[Class, ...]
    outside: frozenset[str]
    is_whole: bool


class Lineages:
    """The lineages of a project's classes."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._known: dict[Class, Lineage] = {}

    def of(self, cls: Class) -> Lineage:
        """Return what a class descends from."""
        if cls not in self._known:
            self._known[cls] = self._climb(cls)
        return self._known[cls]

    def below(self, cls: Class) -> list[Lineage]:
        """Return the lineages that a class is in, its own among them."""
        return self._below[cls]

    @cached_property
    def all(self) -> list[Lineage]:
        """The lineages of all classes."""
        modules = self._definitions.modules.values()
        return [self.of(cls) for module in modules for cls in module.classes]

    @cached_property
    def _below(self) -> dict[Class, list[Lineage]]:
        found = defaultdict[Class, list[Lineage]](list)
        for lineage in self.all:
            for cls in lineage.classes:
                found[cls].append(lineage)
        return found

    def _climb(self, cls: Class) -> Lineage:
        classes, outside, is_whole = [cls], set[str](), True
        for each in classes:
            for base in each.node.bases:
                known = self._definitions.cls(base, each.outer)
                name = self._definitions.outside(base, each.outer)
                if known is not None:
                    classes += [] if known in classes else [known]
                elif name is not None:
                    outside.add(name)
                else:
                    is_whole = False
        return Lineage(tuple(classes), frozenset(outside), is_whole)
