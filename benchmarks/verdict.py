"""How long a verdict takes, against importing the libraries that the application is made of.

`python benchmarks/verdict.py [STEP…] [--rounds 5]` runs `pytest steps/STEP` for each step, and for all
of them together, on the application as that step leaves it, in turn with `import fastapi,
sqlalchemy.ext.asyncio, asyncpg`. It prints the median and the spread of each in seconds, and the median in
imports, which can be compared between machines. For one core: `taskset --cpu-list 0 python …`.
"""

import argparse
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
COURSE = Course(ROOT)
PYTEST = [sys.executable, "-m", "pytest", "-q"]
IMPORTS = [sys.executable, "-c", "import fastapi, sqlalchemy.ext.asyncio, asyncpg"]
COMPILED = "PYTHONDONTWRITEBYTECODE"  # set, everything would be compiled anew each time
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != COMPILED}
ALL = "all"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    every = [f"{step.number:02}" for step in COURSE.ready_steps]
    parser.add_argument("steps", nargs="*", default=[*every, ALL], help="such as 05, or all")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = {step: command(step, Path(folder) / step) for step in options.steps}
        for each in commands.values():
            seconds(each)  # whatever is compiled or started once
        rows: dict[str, list[float]] = {step: [] for step in commands}
        imports: list[float] = []
        for _ in range(options.rounds):
            imports.append(seconds(IMPORTS))
            for step, each in commands.items():
                rows[step].append(seconds(each))
    print(f"{'pytest steps/':<16}{'median':>8}{'spread':>15}{'imports':>9}")
    print(line("one import", imports, imports))
    for step, taken in rows.items():
        print(line(step, taken, imports))


def command(step: str, folder: Path) -> list[str]:
    number = COURSE.ready_steps[-1].number if step == ALL else int(step)
    application = write_state(COURSE, number, folder)
    return [*PYTEST, "steps" if step == ALL else f"steps/{step}", f"--app={application}"]


def seconds(run: list[str]) -> float:
    began = time.perf_counter()
    ended = subprocess.run(
        run, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=False
    ).returncode
    if ended:
        sys.exit(f"{' '.join(run)} ended with exit status {ended}: fix that first.")
    return time.perf_counter() - began


def line(name: str, taken: list[float], imports: list[float]) -> str:
    median = statistics.median(taken)
    spread = f"{min(taken):.2f}–{max(taken):.2f} s"
    return f"{name:<16}{median:>6.2f} s{spread:>15}{median / statistics.median(imports):>9.1f}"


if __name__ == "__main__":
    main()
