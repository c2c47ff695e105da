"""How long PostgreSQL's first start takes, its next ones, and finding it running.

Run it with `python benchmarks/postgres.py [--wheel]`. It prints the median and the slowest of some rounds,
in milliseconds, each in a clone of its own.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from groundrules import postgres
from groundrules.postgres.place import place_of

ROUNDS = 5
LOOKS = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--wheel", action="store_true", help="the wheel's PostgreSQL, not the machine's"
    )
    source: postgres.Source = "wheel" if parser.parse_args().wheel else "machine"

    times: dict[str, list[float]] = {"first start": [], "next start": [], "found running": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            start = partial(postgres.ensure, root, source=source)
            times["first start"].append(timed(start))
            postgres.stop(root)
            times["next start"].append(timed(start))
            times["found running"] += [timed(start) for _ in range(LOOKS)]
            postgres.stop(root)
            place = place_of(root)
            shutil.rmtree(place.folder)
            shutil.rmtree(place.sockets or place.folder, ignore_errors=True)
    for what, measured in times.items():
        print(f"{what:14} {statistics.median(measured):7.1f} ms, at most {max(measured):7.1f} ms")


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
