"""How long a verdict takes, against importing the libraries that the application is made of.

`python benchmarks/verdict.py [STEP] [ROUNDS]` runs `pytest steps/STEP` (01 if left out) on the application as
that step leaves it, and `import fastapi, sqlalchemy.ext.asyncio, asyncpg` in turn, and prints the median of
each in milliseconds, their ratio, and what pytest itself takes for nothing.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from groundrules.course.states import write_state
from groundrules.course.steps import Course

ROOT = Path(__file__).resolve().parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q"]
IMPORTS = [sys.executable, "-c", "import fastapi, sqlalchemy.ext.asyncio, asyncpg"]
NOTHING = [*PYTEST, "--collect-only", "benchmarks"]
MOST = 1.5  # what the ratio may be
COMPILED = "PYTHONDONTWRITEBYTECODE"  # set, everything would be compiled anew each time
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != COMPILED}


def main() -> None:
    step = sys.argv[1] if len(sys.argv) > 1 else "01"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    with tempfile.TemporaryDirectory() as folder:
        application = write_state(Course(ROOT), int(step), Path(folder))
        verdict = [*PYTEST, f"steps/{step}", f"--app={application}"]
        milliseconds(verdict)
        times = [
            (milliseconds(verdict), milliseconds(IMPORTS), milliseconds(NOTHING, status=5))
            for _ in range(rounds)
        ]
    whole, imports, nothing = (statistics.median(each) for each in zip(*times, strict=True))
    print(f"pytest steps/{step}               {whole:5.0f} ms")
    print(f"import of the libraries       {imports:5.0f} ms")
    print(f"pytest without any test       {nothing:5.0f} ms")
    print(f"ratio                         {whole / imports:5.2f}, of {MOST} it may")


def milliseconds(command: list[str], *, status: int = 0) -> float:
    began = time.perf_counter()
    ended = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=False
    ).returncode
    taken = (time.perf_counter() - began) * 1000
    if ended != status:
        sys.exit(f"{' '.join(command)} ended with exit status {ended}: mend that first.")
    return taken


if __name__ == "__main__":
    main()
