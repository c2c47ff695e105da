"""What makes `pytest steps/05` work: pytest loads this module as an installed plugin.

Every pytest of the environment loads it, other projects' too, so it does nothing but look whether the
run is about the steps of a course. The rest is in `groundrules.testing`, loaded only then.
"""

import argparse
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groundrules.testing.arguments import Arguments
    from groundrules.testing.isolation import Judged
    from groundrules.testing.report import Report
    from groundrules.testing.snapshot import Snapshot
    from groundrules.worker.launcher import Launcher

MEETING_LENGTH = 40  # of the path of a folder below which there is room for sockets
_ROOT = pytest.StashKey[Path]()
_JUDGED: pytest.StashKey["Judged"] = pytest.StashKey()
_IN_EXERCISES = pytest.StashKey[bool]()
_REPORT: pytest.StashKey["Report"] = pytest.StashKey()
_TASKS = pytest.StashKey[frozenset[str] | None]()
_MEETING = pytest.StashKey[Path | None]()
_BEGUN = pytest.StashKey["tuple[Snapshot, Launcher] | None"]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the course's options, in a run that is about its steps."""
    config: pytest.Config | None = pluginmanager.get_plugin("pytestconfig")
    root = _root(config) if config is not None else None
    if config is None or root is None:
        return
    from groundrules.testing.arguments import Arguments

    here = config.invocation_params.dir
    unnamed = [] if config.rootpath.resolve() == root == here.resolve() else [str(here)]
    arguments = Arguments(root, here)
    if not arguments.name_steps(config.known_args_namespace.file_or_dir or unnamed):
        _must_not_ask_for_app(config, root)
        config.stash[_IN_EXERCISES] = here.resolve().is_relative_to(root / "exercises")
        return
    config.stash[_ROOT] = root
    group = parser.getgroup("groundrules", "the course")
    group.addoption(
        "--app",
        metavar="PATH",
        help="the folder that contains the app package to check (default: exercises)",
    )
    group.addoption(
        "--groundrules-report", metavar="FILE", help="write the verdict by task, as JSON"
    )
    group.addoption(
        "--groundrules-seed",
        metavar="N",
        type=int,
        help="repeat the values of the run that printed this seed",
    )
    group.addoption(
        "--groundrules-lanes",
        metavar="N",
        type=int,
        help="how many tests to run at a time (default: one for each core, and one more)",
    )
    group.addoption(
        "--groundrules-sandbox",
        action="store_true",
        help="run the application in a sandbox, which needs Linux and bubblewrap",
    )
    from groundrules.testing import isolation

    asked = parser.parse_known_args(
        [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *config.invocation_params.args]
    )
    if asked.groundrules_report:
        from groundrules.testing.report import Report

        report = config.stash[_REPORT] = Report(here / asked.groundrules_report)
        report.begin()
    judged = config.stash[_JUDGED] = isolation.Judged(root, here, asked.app)
    isolation.keep_apart(config, judged)
    isolation.must_be_of_steps(judged, asked.file_or_dir)
    config.stash[_MEETING] = _meeting(config) if asked.groundrules_sandbox else None
    config.stash[_BEGUN] = _begin_early(config, asked, arguments, unnamed)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Complete the steps' numbers in the arguments, as in `steps/05`, and look for conftests only there.

    pytest looks for them beside the paths as typed and, where there is none of that name, in the working
    folder, which may be the one that is judged.
    """
    root = early_config.stash.get(_ROOT, None)
    if root is None:
        return
    from groundrules.course.steps import CourseError
    from groundrules.testing.arguments import Arguments

    def is_path(place: int) -> bool:
        marked = [*args[:place], "\0", *args[place + 1 :]]
        return "\0" in parser.parse_known_args(marked).file_or_dir

    arguments = Arguments(root, early_config.invocation_params.dir)
    try:
        typed = parser.parse_known_args(args).file_or_dir
        early_config.stash[_TASKS] = arguments.tasks(typed)
        args[:] = arguments.complete(args, is_path)
    except CourseError as error:
        raise pytest.UsageError(str(error)) from None
    known = early_config.known_args_namespace
    steps = str(root / "steps")
    paths = parser.parse_known_args(args).file_or_dir
    known.file_or_dir = [path if Path(path).is_relative_to(steps) else steps for path in paths] or [
        steps
    ]
    known.confcutdir = str(root)


def pytest_configure(config: pytest.Config) -> None:
    """Load the rest of the plugin, in a run that is about a course's steps."""
    root = config.stash.get(_ROOT, None)
    if root is not None:
        from groundrules.testing.isolation import must_be_apart
        from groundrules.testing.plugin import register

        must_be_apart(config.stash[_JUDGED])
        register(
            config,
            root,
            config.stash[_BEGUN],
            config.stash.get(_REPORT, None),
            config.stash.get(_TASKS, None),
            config.stash[_MEETING],
        )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect suites alone in a run of suites, also where a folder that holds more was named.

    Of a suite of which tasks were named, only the files that name one of them are worth reading.
    """
    judged = config.stash.get(_JUDGED, None)
    if judged is not None and not judged.is_suite(collection_path):
        return True
    tasks = config.stash.get(_TASKS, None)
    if tasks is not None and collection_path.match("test_*.py"):
        text = collection_path.read_text(encoding="utf-8")
        if not any(f"{quote}{task}{quote}" in text for task in tasks for quote in "\"'"):
            return True
    return None


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Tell a trainee who types `pytest` alone how to check a step."""
    nothing = exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
    if nothing and config.stash.get(_IN_EXERCISES, False):
        terminalreporter.write_line("To check your work, name a step: pytest steps/01")


def _begin_early(
    config: pytest.Config,
    asked: argparse.Namespace,
    arguments: "Arguments",
    unnamed: list[str],
) -> "tuple[Snapshot, Launcher] | None":
    """Begin to import the libraries at once: nothing else in a run takes so long."""
    if asked.collectonly or asked.help or asked.version:
        return None
    from groundrules.testing.start import begin_early

    paths = asked.file_or_dir or unnamed
    begun = begin_early(arguments, paths, asked.app, config.stash[_MEETING])
    for part in begun or ():
        config.add_cleanup(part.close)
    return begun


def _meeting(config: pytest.Config) -> Path:
    """Return a new folder that a sandbox and this process share; raise `pytest.UsageError` without one."""
    from groundrules.postgres import PostgresError
    from groundrules.testing.proxy import short_temporary_folder
    from groundrules.testing.start import must_be_without_network
    from groundrules.worker.sandbox import NoSandbox, find_sandbox

    try:
        find_sandbox()
        must_be_without_network()
    except (NoSandbox, PostgresError) as error:
        raise pytest.UsageError(str(error)) from None
    short = len(tempfile.gettempdir()) <= MEETING_LENGTH
    folder = tempfile.mkdtemp(
        prefix="groundrules-", dir=None if short else short_temporary_folder()
    )
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    return Path(folder)


def _root(config: pytest.Config) -> Path | None:
    """Return the root of the course that the paths typed, or the working folder, are in."""
    here = config.invocation_params.dir
    typed = [*config.known_args_namespace.file_or_dir, "."]
    folders = [Path(os.path.normpath(here / path.split("::", 1)[0])) for path in typed]
    roots = [
        (parent, folder)
        for folder in folders
        for parent in (folder, *folder.parents)
        if any((parent / "steps").glob("[0-9][0-9]-*/step.toml"))
    ]
    # Before its option is known, the value of --app is among the paths, and may have steps of its own.
    among = [root for root, folder in roots if folder.is_relative_to(root / "steps")]
    return next((root.resolve() for root in (*among, *(root for root, _ in roots))), None)


def _must_not_ask_for_app(config: pytest.Config, root: Path) -> None:
    asked = any(str(each).split("=")[0] == "--app" for each in config.invocation_params.args)
    if asked and config.rootpath.resolve() == root:
        raise pytest.UsageError("--app needs a step to check by: pytest steps/01 --app=PATH")
