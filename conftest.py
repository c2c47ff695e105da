"""Says what to do where pytest was started without the course's environment.

It is loaded by whatever pytest is on the path, so it imports nothing of the course.
"""

import os
import sys
from importlib.util import find_spec

import pytest

ROOT = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
PROGRAMS = "Scripts" if sys.platform == "win32" else "bin"


def pytest_addoption() -> None:
    """End with one sentence, before the settings for plugins that are missing are read."""
    if find_spec("groundrules") is not None:
        return
    script = os.path.join(ROOT, ".venv", PROGRAMS, "activate")  # noqa: PTH118
    if not os.path.exists(script):  # noqa: PTH110
        raise pytest.UsageError(
            f"The course is not installed yet. Type this in {ROOT}, and then try again: "
            "python3 course.py start"
        )
    with open(script, encoding="utf-8", errors="replace") as text:  # noqa: PTH123
        names = text.read()
    if not any(root in names for root in (ROOT, os.path.realpath(ROOT))):
        raise pytest.UsageError(
            f"The course was moved after it was installed. Type this in {ROOT}, and then try again: "
            "python3 course.py start"
        )
    activate = script if sys.platform == "win32" else f"source '{os.path.relpath(script)}'"
    raise pytest.UsageError(
        "This is not the course's pytest, which is in its own environment. Type this, and then try "
        f"again: {activate}"
    )
