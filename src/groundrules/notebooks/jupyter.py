"""`groundrules notebooks`: JupyterLab, with the notebooks of the course in it."""

import os
import subprocess
import sys
from importlib.util import find_spec

from groundrules.course.steps import CourseError, course_to_read

# Nothing is asked of any other machine: no news, no newer version, no list of extensions.
_OFFLINE = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


def start(port: int, *, browser: bool) -> int:
    """Run JupyterLab until it is stopped; return its exit status.

    If the port is taken, JupyterLab takes the next. Raises `CourseError` if it is not installed, or outside
    of the course.
    """
    folder = course_to_read().root / "notebooks"
    if find_spec("jupyterlab") is None:
        raise CourseError(
            "The notebooks need packages that are not installed: "
            "type `python3 course.py notebooks`, which installs them first."
        )
    options = [f"--port={port}", *_OFFLINE]
    if not browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    with subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], cwd=folder) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # JupyterLab is sent it too, and asks whether it is meant
                continue
