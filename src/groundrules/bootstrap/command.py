"""The command line of `course.py`: make the environment ready, then become the program asked for."""

import os
import subprocess
import sys
from pathlib import Path

from groundrules.bootstrap import environment
from groundrules.bootstrap.trouble import Trouble, sentence

HELP = """\
Learn a team's FastAPI backend rules by building one application, step by step.

    python3 course.py start         set everything up and see what to do next
    python3 course.py pytest ...    check your work: pytest steps/01
    python3 course.py test          the project's own tests (--all: the slow ones also)
    python3 course.py docs          serve the documentation on this machine
    python3 course.py notebooks     open the explorations, a notebook for each step
    python3 course.py COMMAND ...   any other command: status, check, db, ...

The first run creates the environment .venv in this folder, with the versions
in uv.lock, and needs the network. Later runs start at once. Once .venv is
activated, type `groundrules` and `pytest` directly. With uv, run
`uv run groundrules start` and `uv run pytest` instead.

`python3 course.py groundrules --help` lists all commands.
"""

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str]) -> int:
    """Run `course.py` with these arguments; return the exit status, unless the program replaces us."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    program, rest, groups = _program(arguments)
    try:
        environment.make_ready(ROOT, groups)
        return _become(environment.scripts(ROOT) / program, rest)
    except (Trouble, OSError) as error:
        print(sentence(error, ROOT), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is broken: run the same command to continue.", file=sys.stderr)
        return 130


def _program(arguments: list[str]) -> tuple[str, list[str], frozenset[str]]:
    first, *rest = arguments
    if first == "test":
        os.chdir(ROOT)
        everyday = [] if "--all" in rest else ["-m", "not slow"]
        chosen = [argument for argument in rest if argument != "--all"]
        if not rest:  # all of them: on all cores, each file in one process
            chosen = ["--numprocesses=auto", "--dist=loadfile"]
        groups = frozenset({"dev"}) if everyday else frozenset({"dev", "docs", "browser"})
        return "pytest", [*everyday, *chosen], groups
    if first in ("pytest", "groundrules"):
        return first, rest, frozenset()
    if first == "mkdocs":
        os.chdir(ROOT)
        return first, rest, frozenset({"docs"})
    return "groundrules", arguments, frozenset({first} & {"docs", "notebooks"})


def _become(program: Path, arguments: list[str]) -> int:
    command = [str(program), *arguments]
    if sys.platform != "win32":
        os.execv(program, command)
    running = subprocess.Popen(command)
    while True:
        try:
            return running.wait()
        except KeyboardInterrupt:  # the program received it too, and decides what it means
            continue
