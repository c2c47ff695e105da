"""A whole project as rules see it."""

from dataclasses import dataclass, field
from functools import cached_property

from groundrules.rules.facts.answers import Answers
from groundrules.rules.facts.bodies import Bodies
from groundrules.rules.facts.creations import Creations
from groundrules.rules.facts.dependencies import Dependencies
from groundrules.rules.facts.effects import Followed
from groundrules.rules.facts.errors import Errors
from groundrules.rules.facts.mapped import Mapped
from groundrules.rules.facts.paths import keyed_paths
from groundrules.rules.facts.registrations import Registrations
from groundrules.rules.facts.routes import Route
from groundrules.rules.facts.rows import Rows
from groundrules.rules.facts.sessions import Sessions
from groundrules.rules.meaning.calls import Calls
from groundrules.rules.meaning.circles import Circles
from groundrules.rules.meaning.names import Names
from groundrules.rules.source.files import Package
from groundrules.rules.source.loading import Broken, Progress, load
from groundrules.rules.source.options import Options
from groundrules.rules.source.tree import Function, Module


@dataclass(frozen=True, eq=False)
class Project:
    """The code of one application package.

    :param files: how many files of code it has.
    :param modules: every module that could be parsed, by its dotted name; a folder without an
        `__init__.py` is an empty one.
    """

    package: Package
    files: int
    modules: dict[str, Module]
    broken: list[Broken] = field(default_factory=list)
    options: Options = field(default_factory=Options)

    @cached_property
    def names(self) -> Names:
        """What the project's names stand for."""
        return Names(self.modules)

    @cached_property
    def routes(self) -> list[Route]:
        """Every registration of a handler for HTTP requests."""
        return Registrations(self.names).all()

    @cached_property
    def handlers(self) -> list[Function]:
        """The functions that answer HTTP requests, each once."""
        return list(dict.fromkeys(route.handler for route in self.routes))

    @cached_property
    def keyed(self) -> frozenset[tuple[str, ...]]:
        """The paths whose members are read by a key, by their segments."""
        return keyed_paths(self.names, self.routes)

    @cached_property
    def calls(self) -> Calls:
        """What the project's calls call."""
        return Calls(self.names)

    @cached_property
    def dependencies(self) -> Dependencies:
        """What handlers and other functions depend on."""
        return Dependencies(self.names, self.calls, self.handlers)

    @cached_property
    def answers(self) -> Answers:
        """Where responses and `HTTPException`s are made."""
        return Answers(self.names, self.calls)

    @cached_property
    def bodies(self) -> Bodies:
        """What a response has a body of."""
        return Bodies(self.names, self.answers)

    @cached_property
    def errors(self) -> Errors:
        """Exception handlers and middleware."""
        return Errors(self.names, self.calls)

    @cached_property
    def sessions(self) -> Sessions:
        """What is a session of the database."""
        return Sessions(self.names, self.dependencies, self._circles)

    @cached_property
    def followed(self) -> Followed:
        """What functions do to the rows of the database."""
        return Followed(self.names, self.calls, self.sessions, self.rows, self._circles)

    @cached_property
    def creations(self) -> Creations:
        """Which functions return what they add."""
        return Creations(self.names, self.calls, self.sessions, self.rows, self._circles)

    @cached_property
    def _circles(self) -> Circles:
        return Circles()

    @cached_property
    def rows(self) -> Rows:
        """What is a row of the database."""
        return Rows(self.names, self.sessions, self.mapped)

    @cached_property
    def reached(self) -> frozenset[Function]:
        """The functions that a request may run: handlers, dependencies and all that these call."""
        answering = [*self.handlers, *self.dependencies.functions]
        return self.calls.reached(each for each in answering if not self.errors.answers(each))

    @cached_property
    def mapped(self) -> Mapped:
        """The classes that SQLAlchemy maps to tables."""
        return Mapped(self.names)

    @property
    def functions(self) -> list[Function]:
        """Every function and method of the project."""
        return [each for module in self.modules.values() for each in module.functions]

    def release(self) -> None:
        """Break the circles between scopes and what they belong to, and forget all code.

        Its memory is then free at once; the garbage collector would take as long as the rules.
        """
        for module in self.modules.values():
            for scope in module.scopes:
                scope.forget()
        self.modules.clear()
        self._circles.forget()


def load_project(
    package: Package,
    progress: Progress | None = None,
    *,
    every_file: bool = False,
    options: Options | None = None,
) -> Project:
    """Return the project that a package is the code of; see `load`."""
    code = load(package, progress, every_file=every_file)
    return Project(package, code.files, code.modules, code.broken, options or Options())
