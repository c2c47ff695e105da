"""The course's one command for a machine that has nothing but Python: `python3 course.py start`.

This file stays readable for every Python since 2.7, so that an old one can say which one to use
instead. The work is done in `groundrules.bootstrap`, which needs the standard library only.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an old Python is what this is for
    import subprocess

    typed = " ".join(["'" + word + "'" if " " in word else word for word in sys.argv])
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    advice = (
        "Install Python 3.11 or newer (https://www.python.org/downloads/), then run this again."
    )
    for found in [
        "py -3",
        "python3",
        "python3.13",
        "python3.12",
        "python3.11",
        "python3.14",
        "python3.15",
        "uv",
    ]:
        probe = found.split()
        probe.extend(["--version"] if found == "uv" else ["-c", check])
        try:
            process = subprocess.Popen(probe, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError:
            continue
        process.communicate()
        if process.returncode == 0:
            better = "uv run groundrules start" if found == "uv" else found + " " + typed
            advice = "Type this instead: " + better
            break
    sys.exit(
        "The course needs Python 3.11 or newer, and this is "
        + sys.version.split()[0]
        + ". "
        + advice
    )

from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from groundrules.bootstrap.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
