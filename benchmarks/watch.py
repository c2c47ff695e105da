"""How long a save waits for its verdict under `groundrules watch`, against importing the libraries.

`python benchmarks/watch.py [STEP…] [--saves 30]` checks, for each step, the application as that step leaves
it: its longest task alone, as after each save, and the whole step. It prints the median and the 95th
percentile in seconds and in imports of `fastapi, sqlalchemy.ext.asyncio, asyncpg`, measured in turn.
The time from the save to the begin of the check, about 0.05 s, is not in it. Between two saves pass two
seconds, in which the databases for the next check are made.
"""

import argparse
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from groundrules.course.states import write_state
from groundrules.course.steps import Course, Step
from groundrules.watch.checks import Checked, Checks

ROOT = Path(__file__).resolve().parents[1]
BETWEEN = 2.0  # seconds
IMPORTS = [sys.executable, "-c", "import fastapi, sqlalchemy.ext.asyncio, asyncpg"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    every = [f"{step.number:02}" for step in Course(ROOT).ready_steps]
    parser.add_argument("steps", nargs="*", default=every, help="such as 05")
    parser.add_argument("--saves", type=int, default=30)
    options = parser.parse_args()
    print(f"{'':<14}{'median':>9}{'95 %':>9}{'imports':>9}{'95 %':>7}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "course"
        for name in ("steps", "solution"):
            shutil.copytree(ROOT / name, root / name)
        shutil.copy2(ROOT / "pyproject.toml", root)
        (root / ".groundrules").symlink_to(ROOT / ".groundrules")  # its PostgreSQL
        for number in options.steps:
            measure(Course(root), Course(root).step(int(number)), options.saves)


def measure(course: Course, step: Step, saves: int) -> None:
    write_state(course, step.number, course.root / "exercises")
    done: queue.SimpleQueue[Checked] = queue.SimpleQueue()
    alone, whole, imports = list[float](), list[float](), list[float]()
    with closing(Checks(course.root, done.put)) as checks:
        tests = Counter(each["task"] for each in check(checks, done, f"{step.number:02}")[1])
        longest = tests.most_common(1)[0][0]
        check(checks, done, longest)
        for _ in range(saves):
            began = time.perf_counter()
            subprocess.run(IMPORTS, check=True)
            imports.append(time.perf_counter() - began)
            alone.append(check(checks, done, longest)[0])
            whole.append(check(checks, done, f"{step.number:02}")[0])
    unit = statistics.median(imports)
    for name, taken in ((longest, alone), (f"step {step.number:02}", whole)):
        median, late = statistics.median(taken), sorted(taken)[int(len(taken) * 0.95) - 1]
        ratios = f"{median / unit:>9.2f}{late / unit:>7.2f}"
        print(f"{name:<14}{median:>7.2f} s{late:>7.2f} s{ratios}", flush=True)


def check(
    checks: Checks, done: "queue.SimpleQueue[Checked]", named: str
) -> tuple[float, list[dict[str, str]]]:
    """Return how long a check takes, and its tests; exit if it finds something wrong."""
    time.sleep(BETWEEN)
    began = time.perf_counter()
    checks.order(named)
    report = done.get().report
    if report is None or not all(each["passed"] for each in report["tests"]):
        sys.exit(f"The check of {named} does not pass: fix that first.")
    return time.perf_counter() - began, report["tests"]


if __name__ == "__main__":
    main()
