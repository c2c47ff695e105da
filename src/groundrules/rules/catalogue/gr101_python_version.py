"""GR101: The project requires Python 3.11 or newer."""

import re
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.rule import Violation
from groundrules.rules.source.loading import relative
from groundrules.rules.source.pyproject import Declaration, PyProject, declared_python, pyprojects
from groundrules.rules.source.versions import NotASpecifier, newest_too_old

CLAUSE = "stack.framework"
RATIONALE = (
    "Code written for Python 3.11 can fail on an older version, and nobody notices before it runs "
    "there."
)
FIX = 'Set `requires-python = ">=3.11"` under `[project]`.'

OLDEST = "3.11"


def check(project: Project) -> Iterator[Violation]:
    """Yield the declaration that lets in a Python below 3.11, if that is what it does."""
    for pyproject in pyprojects(project.package.folder):
        declared = declared_python(pyproject)
        if declared is not None:
            message = _judge(declared)
            if message:
                yield _place(pyproject, declared, project, message)
            return


def _judge(declared: Declaration) -> str | None:
    text = declared.text
    written = f'`{declared.key} = "{text}"`' if isinstance(text, str) else f"`{declared.key}`"
    try:
        if not isinstance(text, str):
            raise NotASpecifier
        version = newest_too_old(text, OLDEST, poetry=declared.poetry)
    except ValueError:  # NotASpecifier, or a number too long to be one
        poetry = isinstance(text, str) and text.lstrip().startswith("^") and not declared.poetry
        notation = ": `^` is Poetry's notation" if poetry else ""
        return f"{written} is not a valid set of Python versions{notation}."
    return f"{written} allows Python {version}." if version else None


def _place(
    pyproject: PyProject, declared: Declaration, project: Project, message: str
) -> Violation:
    path = relative(pyproject.path, project.package.root)
    key = re.compile(rf"""(?:^|[\s{{,."'])["']?({re.escape(declared.key)})["']?\s*=""")
    section, fallback = "", None
    for number, line in enumerate(pyproject.text.splitlines(), start=1):
        header = re.match(r"\s*\[+([^\]]+)\]", line)
        if header:
            section = re.sub(r"[\s\"']", "", header[1])
        match = None if line.lstrip().startswith("#") else key.search(line)
        if match:
            found = Violation(path, number, match.start(1) + 1, len(line.rstrip()) + 1, message)
            if section == declared.section:
                return found
            fallback = fallback or found
    return fallback or Violation(path, 1, 1, 2, message)


def _project(text: str, path: str = "pyproject.toml") -> dict[str, str]:
    return {"app/main.py": "TITLE = 'app'\n", path: text}


PAIR = pair(
    wrong={
        "pyproject.toml": """
            [project]
            name = "library"
            version = "1.0.0"
            requires-python = ">=3.9"
            dependencies = ["fastapi", "sqlalchemy[asyncio]", "asyncpg"]
            """,
    },
    right={
        "pyproject.toml": """
            [project]
            name = "library"
            version = "1.0.0"
            requires-python = ">=3.11"
            dependencies = ["fastapi", "sqlalchemy[asyncio]", "asyncpg"]
            """,
    },
    context={
        "app/main.py": """
            from fastapi import FastAPI

            app = FastAPI(title="Library")
            """,
    },
    matters=(
        "Without this line, pip installs the service on any Python it finds. On a build image with "
        "Python 3.9 the installation then succeeds, and the service fails at the first import that "
        "3.9 does not have, usually during a deployment."
    ),
    links={
        "Packaging guide: requires-python": "https://packaging.python.org/en/latest/guides/writing-pyproject-toml/#python-requires-version",
    },
)

INVALID = (
    case(
        "a lower bound below 3.11",
        _project('[project]\nname = "app"\nrequires-python = ">=3.10"\n'),
        3,
        path="pyproject.toml",
    ),
    case(
        "`~=3.10` allows all later versions of Python 3",
        _project('[project]\nrequires-python = "~=3.10"\n'),
        2,
        path="pyproject.toml",
    ),
    case(
        "`>3.10` includes 3.10.1",
        _project("[project]\nrequires-python = '>3.10'\n"),
        2,
        path="pyproject.toml",
    ),
    case(
        "no lower bound",
        _project('[project]\n"requires-python" = "<4, !=3.10.*"\n'),
        2,
        path="pyproject.toml",
    ),
    case(
        "Poetry's caret, in one of several alternatives joined by `||`",
        _project(
            """
            [tool.poetry]
            name = "app"

            [tool.poetry.dependencies]
            fastapi = "^0.165"
            python = "^3.9 || ^3.11"
            """
        ),
        6,
        path="pyproject.toml",
    ),
    case(
        "an older version in `[project]`, which takes precedence over Poetry's table",
        _project(
            """
            [tool.poetry.dependencies]
            python = "^3.11"

            [project]
            # requires-python = ">=3.11"
            requires-python = ">=3.8,<4.0"
            """
        ),
        6,
        path="pyproject.toml",
    ),
    case(
        "a version set that is not valid",
        _project('project.requires-python = "3.11 or newer"\n'),
        1,
        path="pyproject.toml",
    ),
    case(
        "Poetry's tilde and wildcard",
        _project('[tool.poetry.dependencies]\npython = { version = "~3.10 | 3.10.*" }\n'),
        2,
        path="pyproject.toml",
    ),
)

VALID = (
    case("3.11 or newer", _project('[project]\nrequires-python = ">=3.11"\n')),
    case("a later one", _project('[project]\nrequires-python = ">=3.12,<3.15"\n')),
    case("Poetry's caret", _project('[tool.poetry.dependencies]\npython = "^3.11"\n')),
)

VALID_ALTERNATIVE = (
    case(
        "no pyproject.toml: without one, the checker cannot know how the project is installed",
        {"app/main.py": "TITLE = 'app'\n"},
    ),
    case(
        "a pyproject.toml that says nothing about Python",
        _project('[tool.ruff]\ntarget-version = "py310"\n'),
    ),
    case("exactly 3.11", _project('[project]\nrequires-python = "==3.11.*"\n')),
    case("`~=3.11`", _project('[project]\nrequires-python = "~=3.11"\n')),
    case(
        "`>=3.11.0a1`: pre-releases of 3.11 are not an older version",
        _project('[project]\nrequires-python = ">=3.11.0a1"\n'),
    ),
    case(
        "3.10 is allowed by one part and excluded by another",
        _project('[project]\nrequires-python = ">=3.10,!=3.10.*"\n'),
    ),
    case(
        "Several version sets in Poetry's syntax, all new enough",
        _project('[tool.poetry.dependencies]\npython = ">=3.11,<3.13 || ~3.13 || >=3.14 <4"\n'),
    ),
)
