"""`groundrules docs`: the site on this machine."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from groundrules.course.steps import CourseError, course_to_read
from groundrules.serve import must_be_free


def serve(port: int) -> int:
    """Build the site and serve it until Ctrl-C; return the exit status of MkDocs.

    Pages are made anew when what they show changes. Raises `CourseError` if the site cannot be served.
    """
    root = course_to_read().root
    if find_spec("material") is None:
        raise CourseError(
            "The documentation needs packages that are not installed: "
            "type `python3 course.py docs`, which installs them first."
        )
    must_be_free(port)
    print(
        "Building the pages. The first time, the notebooks run too, which takes a minute …",
        file=sys.stderr,
        flush=True,
    )
    with subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "serve", "--quiet", "--dev-addr", f"127.0.0.1:{port}"],
        cwd=root,
        env=environment(),
    ) as process:
        try:
            if _answers(process, port):
                print(
                    f"The documentation: http://127.0.0.1:{port}/\nStop it with Ctrl-C.", flush=True
                )
            return process.wait()
        except KeyboardInterrupt:  # in a terminal MkDocs is sent it too
            process.terminate()
            process.wait()
            return 0
        finally:
            process.terminate()  # whatever else went wrong


def build(root: Path, target: Path, *prefix: str) -> subprocess.CompletedProcess[str]:
    """Build the site of the clone at `root` into `target`, strictly: a warning is an error.

    :param prefix: a program that runs the command, such as one that cuts the network.
    """
    # Never with --quiet: it drops the warnings before --strict can count them.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    return subprocess.run(
        [*prefix, *command],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def environment() -> dict[str, str]:
    """Return the variables for MkDocs: ours, and one that keeps the theme's advertisement away."""
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


def _answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False
