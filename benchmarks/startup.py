"""How much `course.py` adds to the start of a command: `python benchmarks/startup.py [rounds]`.

Runs `course.py groundrules --help` and `.venv`'s `groundrules --help` in turn and prints the median
of each, in milliseconds. The environment must be there: run `python3 course.py start` before.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")


def milliseconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    base = sys._base_executable if hasattr(sys, "_base_executable") else sys.executable
    through = [base, str(ROOT / "course.py"), "groundrules", "--help"]
    direct = [str(PROGRAMS / "groundrules"), "--help"]
    milliseconds(through)
    pairs = [(milliseconds(through), milliseconds(direct)) for _ in range(rounds)]
    with_course, alone = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"course.py groundrules --help  {with_course:6.0f} ms")
    print(f"groundrules --help            {alone:6.0f} ms")
    print(f"what course.py adds           {with_course - alone:6.0f} ms, of 300 it may")


if __name__ == "__main__":
    main()
