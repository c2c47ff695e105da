"""Make the archive that Gradescope takes as an autograder: this course, what installs it, and what runs it.

python3 adapters/gradescope/make.py autograder.zip 01-05
"""

import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = ("setup.sh", "run_autograder")


def main() -> int:
    """Write the archive that the arguments name; return the exit status."""
    if len(sys.argv) not in (2, 3, 4):
        print(f"{__doc__}", file=sys.stderr)
        return 2
    out, steps = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    trust = "yes" if "--trust" in sys.argv else "no"
    course = subprocess.run(
        ["git", "archive", "--format=tar.gz", "HEAD"],
        cwd=HERE.parents[1],
        check=True,
        capture_output=True,
    ).stdout
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in SCRIPTS:
            archive.write(HERE / name, name)
        archive.writestr("config.sh", f"steps='{steps}'\ntrust={trust}\n")
        archive.writestr("course.tar.gz", course)
    print(f"{out}: {out.stat().st_size >> 10} KiB. Upload it as the autograder of the assignment.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
