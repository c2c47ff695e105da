"""What makes `pytest steps/05` work: pytest loads this module as an installed plugin.

Every pytest of the environment loads it, other projects' too, so it does nothing but look whether the
run is about a course. The rest is in `groundrules.testing.plugin`, loaded only then.
"""

import os
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the course's options, in a run that is about a course."""
    if _root(pluginmanager.get_plugin("pytestconfig")) is None:
        return
    group = parser.getgroup("groundrules", "the course")
    group.addoption(
        "--app",
        metavar="PATH",
        help="the folder that holds the app package to check (default: exercises)",
    )
    group.addoption(
        "--groundrules-report", metavar="FILE", help="write the verdict by task, as JSON"
    )


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Complete the steps' numbers in the arguments, as in `steps/05`."""
    root = _root(early_config)
    if root is not None:
        from groundrules.course.steps import CourseError
        from groundrules.testing.arguments import complete

        try:
            args[:] = [complete(argument, root, Path.cwd()) for argument in args]
        except CourseError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_configure(config: pytest.Config) -> None:
    """Load the rest of the plugin, in a run that is about a course."""
    root = _root(config)
    if root is not None:
        from groundrules.testing.plugin import register

        register(config, root)


def _root(config: pytest.Config | None) -> Path | None:
    """Return the root of the course that the run is about, by its arguments and its working folder."""
    if config is None:
        return None
    invocation = config.invocation_params
    named = [str(argument).split("::", 1)[0] for argument in invocation.args]
    for path in [*(each for each in named if not each.startswith("-")), "."]:
        folder = Path(
            os.path.normpath(invocation.dir / path)
        )  # resolving symlinks is not needed here
        for parent in (folder, *folder.parents):
            steps = parent / "steps"
            if steps.is_dir() and any(steps.glob("[0-9][0-9]-*/step.toml")):
                return parent
    return None
