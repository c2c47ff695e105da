"""Write the folder that Classroom 50 takes as the autograder of an assignment.

python3 adapters/classroom50/make.py CLASSROOM/autograders/ASSIGNMENT 01-05
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Write the folder that the arguments name; return the exit status."""
    if len(sys.argv) not in (2, 3, 4):
        print(f"{__doc__}", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    steps = [each for each in sys.argv[2:] if each != "--trust"]
    options = [*(["--steps", steps[0]] if steps else []), *(["--trust"] * ("--trust" in sys.argv))]
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "autograder.py", folder / "autograder.py")
    (folder / "settings.json").write_text(json.dumps({"options": options}), encoding="utf-8")
    archive = folder.resolve() / "course.tar.gz"
    subprocess.run(
        ["git", "archive", "--format=tar.gz", f"--output={archive}", "HEAD"],
        cwd=HERE.parents[1],
        check=True,
    )
    print(f"{folder}: {archive.stat().st_size >> 10} KiB. Commit it to the classroom50 repository.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
